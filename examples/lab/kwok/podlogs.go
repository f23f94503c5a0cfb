package kwok

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"runbook/examples/lab/layout"
	"runbook/examples/lab/pastlog"
	"runbook/examples/lab/replace"
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
	log, err := pastlog.Render(string(lines), now, entry)
	if err != nil {
		return err
	}
	return replace.File(filepath.Join(folder, strings.TrimSuffix(file, ".txt")+".log"), []byte(log))
}

// entry turns a line's "stderr text" into the CRI form "2026-01-02T03:04:05.000000006Z stderr F text".
func entry(at time.Time, line string) (string, error) {
	stream, text, ok := strings.Cut(line, " ")
	if !ok {
		return "", errors.New("want stream and text after the seconds")
	}
	return fmt.Sprintf("%s %s F %s\n", at.Format("2006-01-02T15:04:05.000000000Z07:00"), stream, text), nil
}
