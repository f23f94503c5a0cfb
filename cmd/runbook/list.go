package main

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/spf13/cobra"

	"runbook/engine"
	"runbook/engine/catalog"
	"runbook/engine/screen"
	"runbook/engine/script"
)

// listed is a runbook in `list -o json`: a contract with programs.
type listed struct {
	Name string `json:"name"`
	learned
	Source   string `json:"source"`
	Path     string `json:"path"`
	Replaces string `json:"replaces,omitempty"`
	Error    string `json:"error,omitempty"` // why it cannot be loaded
}

func newList(io streams) *cobra.Command {
	var tag, alert string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the runbooks",
		Args:  noArgs,
	}
	cmd.Flags().StringVarP(&tag, "tag", "l", "", "only those with this tag")
	cmd.Flags().StringVar(&alert, "alert", "", "only those that answer this alert")
	o := addOutput(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		entries, err := shelves().List()
		if err != nil {
			return err
		}
		found := []listed{}
		for _, l := range describeAll(cmd.Context(), entries) {
			if (tag == "" || slices.Contains(l.Tags, tag)) && (alert == "" || slices.Contains(l.Alerts, alert)) {
				found = append(found, l)
			}
		}
		if *o == asJSON {
			return writeJSON(io.out, found)
		}
		return printList(io, found)
	}
	return cmd
}

// describeAll describes runbooks, as many at once as the machine has processors: nearly all of the time goes into the translation of scripts.
func describeAll(ctx context.Context, entries []*catalog.Entry) []listed {
	out := make([]listed, len(entries))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(entries)) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(entries)); i = next.Add(1) - 1 {
				out[i] = describe(ctx, entries[i])
			}
		})
	}
	workers.Wait()
	return out
}

// describe says what a runbook says of itself. One that cannot be loaded is listed with the reason: a broken script must not hide the
// others.
func describe(ctx context.Context, e *catalog.Entry) listed {
	l := listed{Name: e.Name, Source: e.Origin, Path: e.Path, Replaces: e.Replaces}
	var known bool
	if l.learned, known = recall(e); known {
		return l
	}
	book, err := engine.Describe(ctx, e, library(declared()...))
	if err != nil {
		l.learned, l.Error = learnedOf(&script.Header{}), err.Error()
		return l
	}
	l.learned = learnedOf(book.Header)
	remember(e, l.learned, book.Sources)
	return l
}

func printList(io streams, found []listed) error {
	rows := make([][]string, 0, len(found))
	for _, l := range found {
		summary := l.Summary
		if l.Error != "" {
			summary = "cannot be loaded: runbook show " + l.Name
		}
		rows = append(rows, []string{l.Name, l.Severity, l.Source, summary})
	}
	look := screen.LookOf(io.out, getenv)
	return screen.Table(io.out, []string{"name", "severity", "source", "summary"}, rows, screen.TableStyle{Look: look})
}
