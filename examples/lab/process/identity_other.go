//go:build !linux

package process

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// identity names a process by its start time, which ps gives to the second on every Unix.
func identity(pid int) (string, error) {
	out, err := exec.Command("ps", "-o", "stat=,lstart=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return "", errGone
	}
	fields := strings.Fields(string(out))
	if len(fields) < 2 {
		return "", fmt.Errorf("read the start time of process %d: unexpected format %q", pid, out)
	}
	if strings.HasPrefix(fields[0], "Z") {
		return "", errGone
	}
	return strings.Join(fields[1:], " "), nil
}
