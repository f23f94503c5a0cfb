package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"runbook/engine"
	"runbook/engine/action"
	"runbook/engine/journal"
)

// An outputFile is a file that is written when a run has ended. It appears under its name only when it is whole.
type outputFile struct {
	path  string
	file  *os.File
	write fill
}

// fill writes what of a run belongs into a file, and says in one line what that is. An empty line means that there is nothing to write.
type fill func(ctx context.Context, out io.Writer, about ended) (said string, err error)

// ended is a run that has ended, for those who write files about it.
type ended struct {
	path    string // of the file
	cfg     engine.Config
	result  engine.Result
	records []*journal.Record
}

// newOutput makes the file beside its place; nil for an empty path.
func newOutput(path string, write fill) (*outputFile, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "cannot write %s: %w; nothing was done", path, err).Try("name a file in a folder that you may write to")
	}
	return &outputFile{path: path, file: file, write: write}, nil
}

// finish writes the file and puts it in its place.
func (o *outputFile) finish(ctx context.Context, about ended) (string, error) {
	about.path = o.path
	said, err := o.write(ctx, o.file, about)
	if err != nil {
		return "", err
	}
	if said == "" {
		return o.unwritten(), nil
	}
	if err := errors.Join(o.file.Sync(), o.file.Close()); err != nil {
		return "", action.Errorf(action.CodeUnavailable, "cannot write %s: %w", o.path, err)
	}
	if err := os.Rename(o.file.Name(), o.path); err != nil {
		return "", action.Errorf(action.CodeUnavailable, "cannot write %s: %w", o.path, err)
	}
	return said, nil
}

// unwritten says that there is nothing to write, and whose file it is that is found there all the same.
func (o *outputFile) unwritten() string {
	said := "Nothing was written to " + o.path + ": the run did not come to its end."
	if _, err := os.Lstat(o.path); err == nil {
		said += " What is there is from before."
	}
	return said
}

// outputs are the files of one run.
type outputs []*outputFile

// some are those files that were asked for.
func some(files ...*outputFile) outputs {
	return slices.DeleteFunc(outputs(files), func(o *outputFile) bool { return o == nil })
}

// write writes the files from the run's journal and returns what there is to say about them.
func (o outputs) write(ctx context.Context, of *journal.File, about ended) (said []string, err error) {
	if len(o) == 0 {
		return nil, nil
	}
	if about.records, _, err = journal.Read(of.Dir().Journal()); err != nil {
		return nil, err
	}
	if err := journal.Load(of.Dir(), about.records); err != nil {
		return nil, err
	}
	for _, file := range o {
		line, err := file.finish(ctx, about)
		if err != nil {
			return said, fmt.Errorf("the run has ended, but: %w", err)
		}
		if line != "" {
			said = append(said, line)
		}
	}
	return said, nil
}

// abandon removes what was not put in its place.
func (o outputs) abandon() error {
	var err error
	for _, file := range o {
		_ = file.file.Close() // closed already where it was written
		if e := os.Remove(file.file.Name()); e != nil && !errors.Is(e, os.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}
