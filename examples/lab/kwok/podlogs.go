package kwok

import (
	"bufio"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// logLines holds one file per scenario. A line is: seconds before now, stream, text.
//
//go:embed logs
var logLines embed.FS

// writePodLogs writes each scenario's log in the form a container runtime would, with recent times, so that
// kubectl logs --since finds them.
func writePodLogs(folder string, now time.Time) error {
	for _, name := range Scenarios {
		lines, err := logLines.ReadFile("logs/" + name + ".txt")
		if err != nil {
			return fmt.Errorf("find the log lines of scenario %s: %w", name, err)
		}
		log, err := render(string(lines), now)
		if err != nil {
			return fmt.Errorf("read the log lines of scenario %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(folder, name+".log"), []byte(log), 0o600); err != nil {
			return fmt.Errorf("write the pod log of scenario %s: %w", name, err)
		}
	}
	return nil
}

// render turns "12.5 stderr text" into the CRI form "2026-01-02T03:04:05.000000006Z stderr F text".
func render(lines string, now time.Time) (string, error) {
	var log strings.Builder
	for scanner := bufio.NewScanner(strings.NewReader(lines)); scanner.Scan(); {
		age, rest, _ := strings.Cut(scanner.Text(), " ")
		stream, text, ok := strings.Cut(rest, " ")
		seconds, err := strconv.ParseFloat(age, 64)
		if err != nil || !ok {
			return "", fmt.Errorf("line %q: want seconds, stream and text", scanner.Text())
		}
		at := now.UTC().Add(-time.Duration(seconds * float64(time.Second)))
		fmt.Fprintf(&log, "%s %s F %s\n", at.Format("2006-01-02T15:04:05.000000000Z07:00"), stream, text)
	}
	return log.String(), nil
}
