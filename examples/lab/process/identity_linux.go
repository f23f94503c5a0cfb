package process

import (
	"fmt"
	"os"
	"strings"
)

// startTimeField is the place of the start time among the fields that follow the command name in /proc/PID/stat.
const startTimeField = 19

// identity names a process for good: the machine's boot and, in clock ticks since that boot, the process's start.
func identity(pid int) (string, error) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("read the machine's boot id: %w", err)
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", errGone
	}
	// The command name is in parentheses and may itself hold spaces and parentheses: count from the last one.
	_, rest, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " ")
	fields := strings.Fields(rest)
	if len(fields) <= startTimeField {
		return "", fmt.Errorf("read the start time of process %d: unexpected format %q", pid, stat)
	}
	// A zombie has ended; it waits for a parent that may never ask.
	if state := fields[0]; state == "Z" || state == "X" {
		return "", errGone
	}
	return strings.TrimSpace(string(boot)) + "/" + fields[startTimeField], nil
}
