package site

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestKnownCommandsOnlyLook(t *testing.T) {
	for _, argv := range [][]string{{"df", "-h"}, {"df", "-h", "/var"}, {"du", "-sh", "/var/cache"}, {"ps", "aux"}, {"ls"}, {"uptime"}} {
		assert.True(t, Known.Match(argv), "%q", argv)
	}
	for _, argv := range [][]string{
		{"uptime", "x"}, {"df", "-h", "--output=x"}, {"ls", "/x", "-R"}, {"ps", "aux", "x"}, {"hostname", "other"}, {"cat", "/etc/shadow"}, {"sh", "-c", "df -h"},
	} {
		assert.False(t, Known.Match(argv), "%q", argv)
	}
}
