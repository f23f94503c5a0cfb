package yamlfile

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

type timed struct {
	Name  string                   `yaml:"name"`
	Age   time.Duration            `yaml:"age"`
	From  *time.Duration           `yaml:"from"`
	Inner []timed                  `yaml:"inner"`
	Each  map[string]time.Duration `yaml:"each"`
	Named map[string]timed         `yaml:"named"`
	Pace  `yaml:",inline"`
	Own   own `yaml:"own"`
	Any   any `yaml:"any"`
}

type Pace struct {
	Every time.Duration `yaml:"every"`
}

// An own type reads itself.
type own struct{ text string }

func (o *own) UnmarshalYAML(node *yaml.Node) error {
	o.text = node.Value
	return nil
}

const day = 24 * time.Hour

// Wherever a file takes a duration it takes days, by the notation that scripts have. A text stays a text.
func TestDurationsHaveDays(t *testing.T) {
	week := 7 * day
	for text, want := range map[string]timed{
		"age: 7d":              {Age: week},
		"age: 90s":             {Age: 90 * time.Second},
		`{"age": "1d12h"}`:     {Age: 36 * time.Hour},
		"age: '1w' # 7d":       {Age: week},
		"{name: 7d, age: -1d}": {Name: "7d", Age: -day},
		"from: 7d":             {From: &week},
		"age: 0":               {},
		"name: é\nage: 2d":     {Name: "é", Age: 2 * day},
		"{name: é7d, age: 2d}": {Name: "é7d", Age: 2 * day},
		"inner: [{age: 1d, every: 2d}, {age: 3d}]": {Inner: []timed{{Age: day, Pace: Pace{2 * day}}, {Age: 3 * day}}},
		"each: {a: 1d, b: 90s}":                    {Each: map[string]time.Duration{"a": day, "b": 90 * time.Second}},
		"named: {a: &a {age: 1d}, b: {<<: *a, name: b}, c: {<<: [*a], name: c}, d: *a}": {
			Named: map[string]timed{"a": {Age: day}, "b": {Name: "b", Age: day}, "c": {Name: "c", Age: day}, "d": {Age: day}},
		},
		"named: {a: {age: &7d 7d}, b: {age: *7d}}": {Named: map[string]timed{"a": {Age: week}, "b": {Age: week}}},
		"{name: &a 7d, age: *a}":                   {Name: "7d", Age: week},
		"{from: &a 7d, name: *a}":                  {Name: "7d", From: &week},
		"{\"age\": \"7\\u0064\"}\r\n":              {Age: week},
		"age: !!str 7d":                            {Age: week},
		"own: 7d\nany: {age: 7d}":                  {Own: own{"7d"}, Any: map[string]any{"age": "7d"}},
		"inner:\n- age:\n    7d\n  name: x\n":      {Inner: []timed{{Name: "x", Age: week}}},
	} {
		got, err := Decode[timed]([]byte(text), "a file")
		require.NoError(t, err, text)
		assert.Equal(t, &want, got, text)
	}
}

func TestWhatIsNoDuration(t *testing.T) {
	for text, want := range map[string]string{
		"age: 7d\nevery: soon": `line 2: this must be a duration such as 90s, 5m, 1h30m or 7d, not "soon"`,
		"age: 7":               `line 1: this must be a duration such as 90s, 5m, 1h30m or 7d, not "7"`,
		"age: 1.5d":            `line 1: this must be a duration such as 90s, 5m, 1h30m or 7d, not "1.5d"`,
		"name: x\nage: [7d]":   `line 2: this must be a duration such as 90s, 5m, 1h30m or 7d, not a list`,
		"age: 7d\naeg: 7d":     `line 2: there is no field "aeg" here; there is age, any, each, every, from, inner, name, named, own`,
		"age: |\n  7d\n":       `line 1: this must be a duration such as 90s, 5m, 1h30m or 7d, not "7d\n"`,
	} {
		_, err := Decode[timed]([]byte(text), "a file")
		assert.EqualError(t, err, want, text)
	}
}

// Whatever yaml reads by itself is read as that.
func FuzzDurations(f *testing.F) {
	for _, text := range []string{"age: 90s", "{age: &a 90s, from: *a}", "name: 7d\r\nage: 1h\r\n", "a: [7d", "\ufeffage: 7m", "each: &a {x: 0s, <<: *a}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var want timed
		decoder := yaml.NewDecoder(strings.NewReader(text))
		decoder.KnownFields(true)
		alone := decoder.Decode(&want) == nil && errors.Is(decoder.Decode(&yaml.Node{}), io.EOF)
		got, err := decode[timed]([]byte(text), "a file")
		if alone {
			require.NoError(t, err)
			require.Equal(t, []any{want.Age, want.From, want.Every, want.Each}, []any{got.Age, got.From, got.Every, got.Each})
		}
	})
}
