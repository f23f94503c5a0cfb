package kubernetes

import (
	"cmp"
	"context"
	"time"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/module"
)

func (b *binding) execFunc() module.Func {
	return module.Func{
		Name: "exec",
		Doc: `Runs a command in a container of a pod, without input and without a terminal.

The command is a list of words, never a shell string: { "df", "-h" }, not { "df -h" }. If it is among the commands that are
declared to only look, it is a read and really runs in a dry run too; any other command is an action. Nothing can know what an
action's command would print: a dry run assumes that it succeeds silently. Without a container it is the one that kubectl takes.
Of each stream the first 8 MiB are kept.`,
		Params: []module.Param{
			refParam(`the pod: "pod/name", its name alone, or an object that came from the cluster`),
			{Name: "argv", Kind: module.Strings, Required: true, Doc: "the command and its arguments, one word an element"},
			{Name: "options", Kind: module.Object, Doc: "where and how long", Fields: []module.Param{
				namespaceParam,
				{Name: "container", Kind: module.String, Doc: "the container's name"},
				{Name: "timeout", Kind: module.Duration, Default: time.Minute, Doc: "how long the command may run"},
			}},
		},
		Returns: module.Result{
			Type: command.ResultType,
			Doc:  "what it printed, truncated if that was more than is kept; an exit code other than 0 is an error",
		},
		Errors: []action.Code{action.CodeCommand, action.CodeNotFound, action.CodeForbidden, action.CodeTimeout, action.CodeUncertain},
		Examples: []string{
			`log(kubernetes.exec("pod/web-0", { "df", "-h" }).stdout)`,
			`local out = try(kubernetes.exec, pod, { "nginx", "-t" }, { container = "proxy", timeout = "10s" })`,
		},
		Risk:     action.Disruptive,
		Decide:   b.newExec,
		Permits:  func(kind string) []action.Permission { return execPermissions(kind) },
		FullKind: fullKind,
	}
}

func execPermissions(kind string) []action.Permission {
	return append(permissions(kind, "", "get"), permissions(kind, "exec", "create")...)
}

// An execution is one call of exec, as what reads and actions have in common.
type execution struct {
	b       *binding
	of      address
	argv    []string
	args    module.Args
	timeout time.Duration
}

// A lookingCommand is declared to change nothing.
type lookingCommand struct{ execution }

// A changingCommand may do anything.
type changingCommand struct{ execution }

func (b *binding) newExec(args module.Args) (action.Read, action.Action, error) {
	of, err := b.podAddress(args, "exec")
	if err != nil {
		return nil, nil, err
	}
	c := execution{b: b, of: of, argv: args.Strings("argv"), args: args}
	c.timeout, _ = args.Duration("timeout")
	if err := command.Check("kubernetes.exec", c.argv); err != nil {
		return nil, nil, err
	}
	if b.Commands.Match(c.argv) {
		return lookingCommand{c}, nil, nil
	}
	return nil, changingCommand{c}, nil
}

func (c execution) Describe() action.Description {
	return action.Description{
		Verb: "kubernetes.exec", Target: c.of.target(),
		Permissions: []action.Permission{c.of.permission("get", ""), c.of.permission("create", "exec")},
		Identity:    append([]action.Arg{{Name: "argv", Value: c.argv}}, given(c.args, "container")...),
	}
}

func (c lookingCommand) Describe() action.Description {
	d := c.execution.Describe()
	d.Idempotent = true
	return d
}

func (c changingCommand) Describe() action.Description {
	d := c.execution.Describe()
	d.Risk = action.Disruptive
	return d
}

// Read runs the command. In a pod that exists only as intended nothing can run: it is assumed to print nothing there.
func (c lookingCommand) Read(ctx context.Context, view action.View) (any, error) {
	pod, placeholder, err := c.b.pod(ctx, view, c.of, "run a command in")
	if err != nil {
		return nil, err
	}
	if placeholder {
		return command.Result{Assumed: true}.Value(), nil
	}
	return c.run(ctx, pod, false)
}

// Predict assumes success: no model and no server can know what a command does.
func (c changingCommand) Predict(ctx context.Context, view action.View) (action.Prediction, error) {
	pod, _, err := c.b.pod(ctx, view, c.of, "run a command in")
	if err != nil {
		return action.Prediction{}, err
	}
	return action.Prediction{
		Evidence: action.Evidence{UID: uidOf(pod)}, Value: command.Result{}.Value(), Label: action.Assumed,
		Note: command.Unknowable(c.argv),
	}, nil
}

// Apply runs the command in the pod that was looked at. The server takes no precondition for this, so the uid is compared before.
func (c changingCommand) Apply(ctx context.Context, predicted action.Prediction) (action.Result, error) {
	_, pod, err := c.b.fetch(ctx, c.of, "run a command in")
	if err != nil {
		return action.Result{}, err
	}
	if planned := predicted.Evidence.UID; planned != "" && uidOf(pod) != planned {
		return action.Result{}, drifted(c.of, "metadata.uid", planned, cmp.Or(uidOf(pod), "gone"))
	}
	value, err := c.run(ctx, pod, true)
	if err != nil {
		return action.Result{}, err
	}
	c.b.leaveEvent(ctx, pod, "RunbookExec", "ran %q", c.argv[0]) // arguments may be secrets, and an Event is for everybody
	return action.Result{Value: value}, nil
}

// Settle cannot tell: a command leaves no trace that we know of.
func (c changingCommand) Settle(context.Context, action.Intent) (action.Settlement, error) {
	return action.Unknown, nil
}
