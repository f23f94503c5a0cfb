package wall

import (
	"context"
	"errors"

	"runbook/engine/action"
	"runbook/engine/command"
)

// Letting has the wall let those commands pass besides requests, on machines that Guard put it before. Without it none does.
func (w *Wall) Letting(reads action.Commands) *Wall {
	w.commands = reads
	return w
}

// Guard puts the wall in front of a machine: it starts nothing but commands that are known to only look.
func (w *Wall) Guard(next command.Runner) command.Runner { return w.GuardLetting(next, nil) }

// GuardLetting is Guard for a machine on which those commands only look as well.
func (w *Wall) GuardLetting(next command.Runner, own action.Commands) command.Runner {
	return guarded{next, w, own}
}

type guarded struct {
	command.Runner
	wall *Wall
	own  action.Commands
}

// Run runs a command that only looks, and refuses every other one with an *action.Error, without starting anything.
func (g guarded) Run(ctx context.Context, argv []string, streams command.Streams) (int, error) {
	if !g.wall.commands.Match(argv) && !g.own.Match(argv) || streams.Stdin != nil { // what only looks is told nothing
		return 0, g.wall.refuseCommand(argv)
	}
	g.wall.passed.Add(1)
	return g.Runner.Run(ctx, argv, streams)
}

// Why something is refused that is no request.
var (
	errNoRead = errors.New("it is not declared as a command that only looks")
	errNoLook = errors.New("it is no look")
)

func (w *Wall) refuseCommand(argv []string) error {
	w.refused.Add(1)
	if w.observe != nil {
		// The arguments may be secrets.
		w.observe(Refusal{Method: "RUN", Path: argv[0], Reason: errNoRead})
	}
	return action.Errorf(action.CodeRefused, "a dry run may only look, but the command %s with these arguments is not declared to; nothing was run",
		command.Line(argv[:1])).Try(ownFault)
}
