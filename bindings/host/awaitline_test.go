//go:build unix

package host

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/machine"
)

// await begins a wait for a line about a calibration.
func (s *fileSite) await(path string) action.Wait {
	s.t.Helper()
	f, bound, err := s.bind("await_line", []any{s.at(path), "^calibration (done|failed)"})
	require.NoError(s.t, err)
	w, err := f.Wait(bound)
	require.NoError(s.t, err)
	return w
}

func (s *fileSite) looked(w action.Wait) action.Progress {
	s.t.Helper()
	p, err := w.Check(s.ctx(), s.view)
	require.NoError(s.t, err)
	return p
}

func TestAwaitingALine(t *testing.T) {
	everywhere(t, func(t *testing.T, s *fileSite) {
		s.write("device.log", "calibration done\n", s.Now)
		w := s.await("/cache/device.log")
		require.False(t, s.looked(w).Met, "what was there before does not count")
		require.Contains(t, s.looked(w).Detail, "fits ^calibration (done|failed) yet")
		s.write("device.log", "start\ncalibration fai", s.Now) // another file: it was rotated
		require.False(t, s.looked(w).Met, "half a line does not")
		s.write("device.log", "start\ncalibration failed: hot\r\nend\n", s.Now)
		require.Equal(t, action.Progress{Met: true, Value: "calibration failed: hot"}, s.looked(w))

		if s.Base != "" { // in a scenario nobody writes on
			s.write("half.log", "calibration done\ncalibration ", s.Now)
			w = s.await("/cache/half.log")
			require.False(t, s.looked(w).Met)
			require.False(t, s.looked(w).Met)
			log, err := os.OpenFile(s.at("/cache/half.log"), os.O_APPEND|os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = log.WriteString("done: cool\n")
			require.NoError(t, errors.Join(err, log.Close()))
			require.Equal(t, "calibration done: cool", s.looked(w).Value, "the whole line, whenever its beginning was written")
		}

		w = s.await("/cache/later.log")
		require.False(t, s.looked(w).Met)
		s.write("later.log", "calibration done\n", s.Now)
		require.Equal(t, "calibration done", s.looked(w).Value)
		_, _, err := s.bind("await_line", []any{s.at("/cache/device.log")})
		s.fails(err, action.CodeInvalid, "match is missing")
	})
}

func TestAwaitingALineInLogsThatAreRotated(t *testing.T) {
	everywhere(t, func(t *testing.T, s *fileSite) {
		if s.Base == "" {
			return // in a scenario nobody writes on
		}
		appended := func(path, text string) {
			log, err := os.OpenFile(s.at(path), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
			require.NoError(t, err)
			_, err = log.WriteString(text)
			require.NoError(t, errors.Join(err, log.Close()))
		}
		rotated := func(from, to string) { require.NoError(t, os.Rename(s.at(from), s.at(to))) }
		appended("/log/app.log", "calibration done\n")
		w := s.await("/log/app.log")
		require.False(t, s.looked(w).Met)
		appended("/log/app.log", "one\ncalibration done: last\n")
		rotated("/log/app.log", "/log/app.log-20261126")
		appended("/log/app.log", "calibration done: first\n")
		require.Equal(t, "calibration done: last", s.looked(w).Value, "what was written before the rotation")
		require.Equal(t, "calibration done: first", s.looked(w).Value)

		w = s.await("/log/app.log")
		require.False(t, s.looked(w).Met)
		rotated("/log/app.log", "/log/app.log.1")
		require.False(t, s.looked(w).Met)
		appended("/log/app.log.1", "calibration failed: between\n")
		require.Equal(t, "calibration failed: between", s.looked(w).Value, "there is no new one yet")
		appended("/log/app.log", "")
		appended("/log/app.log.1", "calibration failed: late\n")
		require.Equal(t, "calibration failed: late", s.looked(w).Value, "nobody has written to the new one yet")
		appended("/log/app.log", "turned\n")
		require.False(t, s.looked(w).Met)
		appended("/log/app.log.1", "calibration failed: too late\n")
		appended("/log/app.log", "calibration done: new\n")
		require.Equal(t, "calibration done: new", s.looked(w).Value)
		require.NoError(t, os.Remove(s.at("/log/app.log")))
		require.False(t, s.looked(w).Met)
		require.NoError(t, os.Symlink("app.log.1", s.at("/log/app.log")))
		require.Equal(t, "calibration done: first", s.looked(w).Value, "another one, from its beginning")
	})
}

// A packingFiles system is one on which an old log is packed between two looks: it is listed, and gone when it is to be read.
type packingFiles struct {
	files.System
	on *bool
}

func (p packingFiles) Open(ctx context.Context, path string, offset int64) (io.ReadCloser, error) {
	if *p.on && strings.HasSuffix(path, ".1") {
		return nil, action.Errorf(action.CodeNotFound, "cannot read %s: there is no such file or folder", path)
	}
	return p.System.Open(ctx, path, offset)
}

func TestAwaitingALineInALogWhoseOldOneIsPackedMeanwhile(t *testing.T) {
	everywhere(t, func(t *testing.T, s *fileSite) {
		if s.Base == "" {
			return // in a scenario nobody writes on
		}
		packing := false
		s.mod = New(Config{Files: machine.Set[files.System]{Local: packingFiles{s.System, &packing}}})
		require.NoError(t, os.WriteFile(s.at("/log/app.log"), []byte("start\n"), 0o600))
		w := s.await("/log/app.log")
		require.False(t, s.looked(w).Met)
		require.NoError(t, os.Rename(s.at("/log/app.log"), s.at("/log/app.log.1")))
		require.NoError(t, os.WriteFile(s.at("/log/app.log"), []byte("calibration done: new\n"), 0o600))
		packing = true
		require.Equal(t, "calibration done: new", s.looked(w).Value)
	})
}
