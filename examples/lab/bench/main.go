// Command bench sets runbook beside what people use today: the same work is done by runbook and by its peer, in turns, on one
// machine and against one lab, and a table says what each took.
//
// It reports and never judges: a figure that misses its aim is marked, and the exit code stays 0. Only work that could not be
// measured is an error. It changes nothing on the lab's servers, and imports nothing beyond the standard library: a program begins as a copy
// of the one that starts it, so no peak of memory can be measured below this program's own.
//
// Read next: work.go, what is compared; pipeline.go, how one run is measured; compare.go, how runs become a figure.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	source := flag.String("source", "../..", "the repository, with the program built in bin")
	folder := flag.String("lab", "../../.lab", "the lab's folder")
	kubectl := flag.String("kubectl", "kubectl", "the peer; its version should be the lab's")
	s5cmd := flag.String("s5cmd", "s5cmd", "the peer for object stores")
	rounds := flag.Int("rounds", 5, "how often each side does its work")
	flag.Parse()
	if *rounds < 1 || flag.NArg() > 0 {
		return fmt.Errorf("see -help for what it takes")
	}
	for _, path := range []*string{source, folder} {
		absolute, err := filepath.Abs(*path)
		if err != nil {
			return fmt.Errorf("find %s: %w", *path, err)
		}
		*path = absolute
	}
	at, err := openLab(*folder)
	if err != nil {
		return err
	}
	tree, err := largeTree(*folder)
	if err != nil {
		return err
	}
	h, err := newHome(at.kubeconfig())
	if err != nil {
		return err
	}
	defer h.remove()
	rows := measure(ctx, h, allWork(*source, *kubectl, *s5cmd, tree, at), *rounds)
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := printTable(os.Stdout, rows, *rounds); err != nil {
		return err
	}
	return unmeasured(rows)
}

// measure does all the work and says on standard error how far it is.
func measure(ctx context.Context, h home, all []work, rounds int) []row {
	rows := make([]row, 0, len(all))
	for _, w := range all {
		fmt.Fprintf(os.Stderr, "measuring: %s\n", w.title())
		r, err := w.measure(ctx, h, rounds)
		r.name, r.err = w.title(), err
		rows = append(rows, r)
	}
	return rows
}

// unmeasured is an error if a row has no figures.
func unmeasured(rows []row) error {
	missing := 0
	for _, r := range rows {
		if r.err != nil {
			missing++
		}
	}
	if missing == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d could not be measured", missing, len(rows))
}
