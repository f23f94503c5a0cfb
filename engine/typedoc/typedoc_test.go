package typedoc

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type inner struct {
	At time.Duration `yaml:"at" doc:"when"`
}

type mixin struct {
	Logs string `yaml:"logs" doc:"what it says"`
}

type outer struct {
	Hidden string           `yaml:"-"`
	List   []inner          `yaml:"list,omitempty" doc:"what happens"`
	Again  *inner           `yaml:"again"`
	Words  map[string][]int `yaml:"words"`
	mixin  `yaml:",inline"`
	Mixed  mixin `yaml:"mixed"`
}

func TestTypes(t *testing.T) {
	got := Types(reflect.TypeFor[outer](), "yaml", func(_ string, f reflect.StructField) string { return f.Tag.Get("doc") })
	require.Equal(t, []Type{
		{Name: "outer", Fields: []Field{
			{Name: "list", Type: "list of inner", Optional: true, Doc: "what happens"},
			{Name: "again", Type: "inner"},
			{Name: "words", Type: "object of list of integer"},
			{Name: "logs", Type: "string", Doc: "what it says"},
			{Name: "mixed", Type: "mixin"},
		}},
		{Name: "inner", Fields: []Field{{Name: "at", Type: "duration", Doc: "when"}}},
		{Name: "mixin", Fields: []Field{{Name: "logs", Type: "string", Doc: "what it says"}}},
	}, got)
}
