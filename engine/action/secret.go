package action

import (
	"fmt"
	"io"
)

// A Secret is a text that never prints: formatted, encoded or written down it is the mark that stands where a secret stood. Only who calls
// Reveal gets the text, and does so where it is sent, never where it is described.
type Secret struct{ text string }

// NewSecret makes a secret of a text.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal is the text itself.
func (s Secret) Reveal() string { return s.text }

// String is the mark.
func (Secret) String() string { return Masked }

// Format writes the mark, whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Masked) }

// MarshalText writes the mark, into JSON and YAML too.
func (Secret) MarshalText() ([]byte, error) { return []byte(Masked), nil }

// HoldsSecret tells whether there is a Secret in a value as it crosses between Go and Lua.
func HoldsSecret(v any) bool {
	switch v := v.(type) {
	case Secret:
		return true
	case map[string]any:
		for _, member := range v {
			if HoldsSecret(member) {
				return true
			}
		}
	case []any:
		for _, item := range v {
			if HoldsSecret(item) {
				return true
			}
		}
	}
	return false
}
