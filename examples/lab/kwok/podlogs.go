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

	"runbook/examples/lab/layout"
)

// logLines holds one file per scenario, and one more where the container was restarted: what it said the time before. A
// line is: seconds before now, stream, text.
//
//go:embed logs/*.txt
var logLines embed.FS

// WriteLogs writes the log of each scenario in the form a container runtime would, with recent times, so that kubectl
// logs --since finds them. It may be done again at any time: whoever reads an older one reads that to its end.
func WriteLogs(dir layout.Dir, now time.Time) error {
	if err := os.MkdirAll(dir.PodLogs(), layout.FolderMode); err != nil {
		return fmt.Errorf("make the folder of the pods' logs: %w", err)
	}
	files, err := logLines.ReadDir("logs")
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := writeLog(dir.PodLogs(), file.Name(), now); err != nil {
			return fmt.Errorf("write the pod log from %s: %w", file.Name(), err)
		}
	}
	return nil
}

// writeLog puts the log in the place of an older one in one step.
func writeLog(folder, file string, now time.Time) error {
	lines, err := logLines.ReadFile("logs/" + file)
	if err != nil {
		return err
	}
	log, err := render(string(lines), now)
	if err != nil {
		return err
	}
	path := filepath.Join(folder, strings.TrimSuffix(file, ".txt")+".log")
	if err := os.WriteFile(path+".next", []byte(log), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".next", path)
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
