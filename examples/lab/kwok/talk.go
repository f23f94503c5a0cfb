package kwok

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"runbook/examples/lab/layout"
)

// The log of a pod that talks: a line every 20 ms until now, and among many of them an error.
const (
	talkLines = 55_000
	talkEvery = 20 * time.Millisecond
	talkError = 200 // lines, of which one is an error
)

// WriteTalk writes the logs of so many pods, about 6.4 MB each, and returns their paths: the first is that of the first pod. What
// they say differs, and is the same each time but for its times.
func WriteTalk(dir layout.Dir, pods int, now time.Time) ([]string, error) {
	folder := filepath.Join(dir.PodLogs(), "talk")
	if err := os.MkdirAll(folder, layout.FolderMode); err != nil {
		return nil, fmt.Errorf("make the folder of long logs: %w", err)
	}
	paths := make([]string, pods)
	for i := range paths {
		paths[i] = filepath.Join(folder, fmt.Sprintf("%d.log", i))
		if err := writeTalk(paths[i], i, now); err != nil {
			return nil, fmt.Errorf("write a long log: %w", err)
		}
	}
	return paths, nil
}

func writeTalk(path string, pod int, now time.Time) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(file)
	for i := range talkLines {
		if err := writeTalkLine(out, pod, i, now); err != nil {
			_ = file.Close() // the error that counts is known
			return err
		}
	}
	if err := out.Flush(); err != nil {
		_ = file.Close() // likewise
		return err
	}
	return file.Close()
}

func writeTalkLine(out io.Writer, pod, i int, now time.Time) error {
	at := now.UTC().Add(-time.Duration(talkLines-i)*talkEvery + time.Duration(pod)*time.Millisecond)
	text := fmt.Sprintf("INFO request served id=%08x path=/v1/compile status=200 took=%dms tenant=team-%02d cache=hit worker=%d", i*7919+pod, 12+i%90, i%40, i%16)
	if (i+pod*23)%talkError == 0 {
		text = fmt.Sprintf("ERROR request failed id=%08x path=/v1/compile status=503 after=%dms: upstream cache timed out", i*7919+pod, 900+i%90)
	}
	line, err := entry(at, "stdout "+text)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, line)
	return err
}
