package files

import (
	"fmt"
	"strings"
)

// What stands where in a line of /proc/self/mountinfo: see proc_pid_mountinfo(5).
const (
	mountIDField    = 0
	mountPointField = 4
)

// MountIn is the number of the mount of which a line of /proc/self/mountinfo tells, and where it is; "" for what is no such line.
func MountIn(line string) (id, point string) {
	fields := strings.Fields(line)
	if len(fields) <= mountPointField {
		return "", ""
	}
	return fields[mountIDField], unescaped(fields[mountPointField])
}

// unescaped is a path in which the kernel wrote spaces, tabs, line ends and backslashes as octal numbers.
func unescaped(text string) string {
	for _, c := range " \t\n\\" {
		text = strings.ReplaceAll(text, fmt.Sprintf(`\%03o`, c), string(c))
	}
	return text
}
