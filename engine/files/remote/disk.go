package remote

import (
	"context"
	"strconv"
	"strings"

	"runbook/engine/files"
)

// The fields of what df -P prints: see POSIX. What is behind them is where the file system is mounted.
const (
	totalField = 1
	usedField  = 2
	freeField  = 3
	mountField = 5
	dfFields   = 6
)

// kilobyte is the unit that df is told to use.
const kilobyte = 1024

// Disk is the file system that a path lies on.
func (f *Files) Disk(ctx context.Context, at string) (files.Disk, error) {
	const doing = "look at the file system of"
	out, code, complaint, err := f.output(ctx, diskScript, at)
	if err != nil {
		return files.Disk{}, err
	}
	if code != 0 {
		if complaint != "" {
			code = 1
		}
		return files.Disk{}, files.Failed(doing, at, reason(code, complaint))
	}
	bytes, inodes, _ := strings.Cut(out, "\n\n")
	total, used, free, mount, ok := row(bytes)
	if !ok {
		return files.Disk{}, files.Failed(doing, at, errRecord)
	}
	d := files.Disk{Mount: mount, Total: total * kilobyte, Used: used * kilobyte, Free: free * kilobyte}
	if all, _, left, _, ok := row(inodes); ok {
		d.Inodes, d.InodesFree = all, left
	}
	return d, nil
}

// row reads the last line of what df printed.
func row(text string) (total, used, free int64, mount string, ok bool) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	line := lines[len(lines)-1]
	fields := strings.Fields(line)
	if len(lines) < 2 || len(fields) < dfFields {
		return 0, 0, 0, "", false
	}
	var numbers [3]int64
	for i, field := range []int{totalField, usedField, freeField} {
		n, err := strconv.ParseInt(fields[field], 10, 64)
		if err != nil {
			return 0, 0, 0, "", false
		}
		numbers[i] = n
	}
	_, mount, _ = strings.Cut(line, fields[mountField-1]+" ")
	return numbers[0], numbers[1], numbers[2], strings.TrimLeft(mount, " "), true
}
