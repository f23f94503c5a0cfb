package main

import (
	"context"
	"fmt"
	"io"

	"runbook/engine"
	"runbook/engine/command"
	"runbook/engine/journal"
	"runbook/engine/plan"
)

// writePlan writes the plan of a rehearsal that came to its end.
func writePlan(ctx context.Context, out io.Writer, about ended) (string, error) {
	if end := about.records[len(about.records)-1].End; end == nil || end.Status != journal.OK {
		return "", nil // why it failed is on the screen already
	}
	turns, err := engine.Turns(ctx, about.cfg, about.records)
	if err != nil {
		return "", err
	}
	if err := plan.Write(out, about.records, turns); err != nil {
		return "", err
	}
	return fmt.Sprintf("Plan written: %s. It holds for this site and this script; apply it with: runbook apply %s", about.path, command.Quote(about.path)), nil
}

// writeRecording writes the whole of a run.
func writeRecording(_ context.Context, out io.Writer, about ended) (string, error) {
	s := journal.NewSealer(out)
	for _, r := range about.records {
		if err := s.Write(r); err != nil {
			return "", fmt.Errorf("cannot write the recording: %w", err)
		}
	}
	if _, err := s.Seal(journal.Recording); err != nil {
		return "", fmt.Errorf("cannot write the recording: %w", err)
	}
	return fmt.Sprintf("Recording written: %s. Hear it again with: runbook replay %s", about.path, command.Quote(about.path)), nil
}
