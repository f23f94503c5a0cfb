package action

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCommandsMatch(t *testing.T) {
	reads := Commands{{"ps", "aux"}, {"df", "-h", "*"}, {"cat", "..."}, {"lightmatter-cli", "status"}, {"find", "*", "-name", "*"}}
	for _, c := range []struct {
		argv []string
		read bool
	}{
		{[]string{"ps", "aux"}, true},
		{[]string{"ps", "aux", "x"}, false},
		{[]string{"ps"}, false},
		{[]string{"df", "-h", "/var"}, true},
		{[]string{"df", "-h"}, false},
		{[]string{"df", "-h", "--output=x"}, false}, // an option in a wildcard's place
		{[]string{"cat", "/a", "/b"}, true},
		{[]string{"cat"}, true},
		{[]string{"cat", "/a", "--help"}, false},
		{[]string{"find", "/var", "-name", "x"}, true},
		{[]string{"find", "/var", "-name", "-delete"}, false},
		{[]string{"find", "/var", "-name", "x", "-delete"}, false},
		{[]string{"lightmatter-cli", "reset"}, false},
		{[]string{"sh", "-c", "ps aux"}, false},
		{[]string{"ps aux"}, false},
		{[]string{"/bin/ps", "aux"}, false}, // another program
		{nil, false},
		{[]string{""}, false},
	} {
		assert.Equal(t, c.read, reads.Match(c.argv), "%q", c.argv)
	}
	assert.False(t, Commands{{}}.Match(nil), "an empty pattern matches nothing")
}
