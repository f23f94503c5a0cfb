package action

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

func TestASecretDoesNotPrint(t *testing.T) {
	s := NewSecret("hunter2")
	inside := map[string]any{"a": []any{s, &s}, "b": struct{ S Secret }{s}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T %v"} {
		assert.NotContains(t, fmt.Sprintf(verb, s, s), "hunter2", verb)
		assert.NotContains(t, fmt.Sprintf(verb, inside, inside), "hunter2", verb)
		assert.NotContains(t, fmt.Sprintf(verb, s, s), fmt.Sprintf("%x", "hunter2"), verb)
	}
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, func(v any) ([]byte, error) { return yaml.Marshal(v) }} {
		text, err := marshal(inside)
		require.NoError(t, err)
		assert.NotContains(t, string(text), "hunter2")
		assert.Contains(t, string(text), Masked)
	}
	assert.Equal(t, Masked, Text(s)[1:len(Masked)+1])
	assert.Equal(t, "hunter2", s.Reveal())
	assert.True(t, HoldsSecret(map[string]any{"a": []any{"x", map[string]any{"b": s}}}))
	assert.False(t, HoldsSecret(map[string]any{"a": []any{"x"}}))
}
