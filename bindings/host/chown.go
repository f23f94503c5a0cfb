package host

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/files/intended"
	"runbook/engine/module"
)

func (b *binding) chownFunc() module.Func {
	return module.Func{
		Name: "chown",
		Doc: `Gives a folder with everything below it to an owner, or what of it a filter finds.

The owner is user, user:group or :group, by name or number. Without a filter the folder itself is given too, as by chown -R. Of a link the
link itself is given, never what it points at. Only what has another owner is touched, each entry only if it still is what it was.`,
		Params: []module.Param{
			pathParam("root", "the folder"),
			{Name: "owner", Kind: module.String, Required: true, Doc: "user, user:group or :group"},
			{Name: "filter", Kind: module.Object, Doc: "what of it; all, and the folder itself, if not given", Fields: filterFields},
			{Name: "options", Kind: module.Object, Doc: "where", Fields: []module.Param{onParam}},
		},
		Returns: module.Result{
			Type: "{ changed: integer, left: { path: string, error: string }[] }",
			Doc:  "how many were given away, and those that had changed meanwhile, which stayed as they were",
		},
		Errors:   changeErrors,
		Examples: []string{`host.chown("/var/cache/photon-mlir", "photon:photon")`},
		Risk:     action.Disruptive,
		Kinds:    []string{filesKind},
		Act: func(args module.Args) (action.Action, error) {
			return b.newGift(args)
		},
	}
}

// A gift is one call of chown.
type gift struct {
	shelf
	root    string
	owner   string
	named   string // the owner by name, once it was asked for
	only    filter
	members []string // of the set that it is narrowed to; nil for all
	seen    *sight
}

func (b *binding) newGift(args module.Args) (action.Action, error) {
	const function = "host.chown"
	at, err := b.shelf(args)
	if err != nil {
		return nil, err
	}
	g := gift{shelf: at, owner: args.String("owner"), seen: &sight{}}
	if g.root, err = rootOf(function, args); err != nil {
		return nil, err
	}
	user, group, grouped := strings.Cut(g.owner, ":")
	if user == "" && group == "" || grouped && group == "" || strings.HasPrefix(user, "-") || strings.HasPrefix(group, "-") {
		return nil, action.Errorf(action.CodeInvalid, "%s: %q is no owner", function, g.owner).Try(`write it as "user", "user:group" or ":group"`)
	}
	g.only, err = filterOf(function, args)
	return g, err
}

// all tells whether the root itself is given too.
func (g gift) all() bool { return len(g.only.given) == 0 }

func (g gift) Describe() action.Description {
	return action.Description{
		Verb: "host.chown", Target: g.target(g.root), Risk: action.Disruptive, Idempotent: true, Permissions: g.needs,
		Identity: append([]action.Arg{{Name: "owner", Value: g.owner}}, g.only.identity()...),
	}
}

// Narrow is the gift of some of it only.
func (g gift) Narrow(members []string) action.Action {
	g.members, g.seen = append([]string{}, members...), &sight{}
	return g
}

// has tells whether an entry belongs to the owner already.
func (g gift) has(e files.Entry) bool {
	user, group, _ := strings.Cut(g.named, ":")
	return (user == "" || user == e.Owner) && (group == "" || group == e.Group)
}

// Predict finds what would be given away.
func (g gift) Predict(ctx context.Context, view action.View) (action.Prediction, error) {
	p, err := g.predict(ctx, view)
	if err != nil {
		return action.Prediction{}, g.about(g.root, err)
	}
	return p, nil
}

func (g gift) predict(ctx context.Context, view action.View) (p action.Prediction, err error) {
	if g.named, err = g.files.Knows(ctx, g.owner); err != nil {
		return p, err
	}
	root, err := g.as(view).Look(ctx, g.root)
	if err != nil {
		return p, err
	}
	list, warnings, err := g.find(ctx, view, root)
	if err != nil {
		return p, err
	}
	g.seen.entries = list
	p = action.Prediction{Label: action.Simulated, Warnings: warnings, Members: membersOf(list)}
	if p.Evidence, err = g.evidence(ctx, root); err != nil {
		return p, err
	}
	if p.Value, err = raw(givenBy{int64(len(list)), []unlooked{}}); err != nil {
		return p, err
	}
	if len(list) == 0 {
		p.Unchanged, p.Note = true, "everything of that belongs to "+g.owner+" already"
		return p, nil
	}
	p.Note = counted(int64(len(list)))
	change, err := g.edit(ctx, view, list)
	p.Changes = []action.Change{change}
	return p, err
}

func (g gift) edit(ctx context.Context, view action.View, list []files.Entry) (action.Change, error) {
	e := intended.Edit{Op: intended.Chowned, To: g.named}
	for i := range list {
		e.Paths = append(e.Paths, below(g.root, list[i].Path))
	}
	user, group, _ := strings.Cut(g.named, ":")
	was := listed(g.root, "owners", list, func(e files.Entry) string { return e.Owner + ":" + e.Group })
	will := listed(g.root, "owners", list, func(e files.Entry) string { return cmp.Or(user, e.Owner) + ":" + cmp.Or(group, e.Group) })
	return g.as(view).Change(ctx, g.root, e, was, will)
}

// find finds what belongs to somebody else. The root itself has no path.
func (g gift) find(ctx context.Context, view action.View, root files.Entry) (list []files.Entry, warnings []string, err error) {
	if root.Kind == files.Folder || root.Kind == files.Link || !g.all() {
		only := g.only.at(ctx)
		only.Stay = true
		if list, warnings, err = g.walked(ctx, view, g.root, only); err != nil {
			return nil, nil, err
		}
	}
	if g.all() {
		root.Path = ""
		list = append(list, root)
	}
	others := list[:0]
	for _, e := range list {
		if !g.has(e) {
			others = append(others, e)
		}
	}
	return narrowed(others, g.members), warnings, nil
}

// givenBy is what the call returns.
type givenBy struct {
	Changed int64      `json:"changed"`
	Left    []unlooked `json:"left"`
}

// Apply gives away what was predicted, as far as it still is what it was.
func (g gift) Apply(ctx context.Context, predicted action.Prediction) (action.Result, error) {
	out, err := g.apply(ctx, predicted)
	if err != nil {
		return action.Result{}, g.about(g.root, err)
	}
	return out, nil
}

func (g gift) apply(ctx context.Context, predicted action.Prediction) (action.Result, error) {
	err := g.stillThere(ctx, files.Chown.Doing()+" anything in", g.root, predicted.Evidence)
	if err == nil {
		g.seen.did.again()
		err = g.give(ctx, g.seen.pending(files.Chown, g.owner))
	}
	return g.seen.came("changed the owner of", err, g.Account)
}

// give gives what is inside of the root, and then the root.
func (g gift) give(ctx context.Context, changes []files.Change) error {
	itself := slices.IndexFunc(changes, func(c files.Change) bool { return c.Was.Path == "" })
	if itself < 0 {
		return g.change(ctx, g.root, changes, &g.seen.did)
	}
	root := changes[itself]
	if err := g.change(ctx, g.root, slices.Delete(changes, itself, itself+1), &g.seen.did); err != nil {
		return err
	}
	named := root
	named.Was.Path = path.Base(g.root)
	errs, err := g.files.Change(ctx, path.Dir(g.root), []files.Change{named})
	if err != nil {
		return err
	}
	g.seen.did.note(root.Op, root.Was, errs[0])
	return nil
}

// Account is what was given away in all.
func (g gift) Account() action.Result {
	did := &g.seen.did
	value, _ := raw(givenBy{did.all(), append([]unlooked{}, did.left...)}) // it holds nothing that could fail
	return action.Result{Value: value, Note: counted(did.all()) + did.remark()}
}

// Settle looks whether anything belongs to somebody else still. What does can be given again.
func (g gift) Settle(ctx context.Context, intent action.Intent) (action.Settlement, error) {
	left, err := g.remaining(ctx, intent)
	switch {
	case err != nil:
		return action.Unknown, g.about(g.root, err)
	case left == 0:
		return action.Done, nil
	}
	return action.NotDone, nil
}

// remaining is how many are left of what was to be given away: see removal.
func (g gift) remaining(ctx context.Context, intent action.Intent) (int, error) {
	root, err := g.files.Look(ctx, g.root)
	if err == nil {
		g.named, err = g.files.Knows(ctx, g.owner)
	}
	if err != nil {
		return 0, err
	}
	did := &g.seen.did
	unsure := len(did.unsure) > 0
	there := map[string]files.Entry{"": root}
	if err := g.settle(ctx, g.root, did, intent, func(now files.Entry, stays bool) bool { return stays && g.has(now) }, there); err != nil {
		return 0, err
	}
	if unsure {
		return len(did.failed), nil
	}
	list, _, err := g.find(ctx, nil, root)
	return len(list), err
}
