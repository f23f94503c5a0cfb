package host

import (
	"context"
	"path"
	"strings"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/files/intended"
	"runbook/engine/module"
)

func (b *binding) renameFunc() module.Func {
	return module.Func{
		Name: "rename",
		Doc: `Gives a file, folder or link another path on the same file system.

There must be nothing at the new path, and the folder that it is in must be there. It is one step: the file is never at both, and never at
neither. What is renamed still has to be what it was when this was predicted.`,
		Params: []module.Param{pathParam("from", "what is renamed"), pathParam("to", "what it is called then"), onlyOn()},
		Returns: module.Result{
			Type: "boolean", Doc: "true",
		},
		Errors:   append([]action.Code{action.CodeExists}, changeErrors...),
		Examples: []string{`host.rename("/etc/photon-mlir/config.yaml", "/etc/photon-mlir/config.yaml.broken", { on = "rack-1" })`},
		Risk:     action.Disruptive,
		Kinds:    []string{filesKind},
		Act: func(args module.Args) (action.Action, error) {
			return b.newRenaming(args)
		},
	}
}

// A renaming is one call of rename.
type renaming struct {
	shelf
	from, to string
	seen     *sight
}

func (b *binding) newRenaming(args module.Args) (action.Action, error) {
	const function = "host.rename"
	at, err := b.shelf(args)
	if err != nil {
		return nil, err
	}
	r := renaming{shelf: at, seen: &sight{}}
	if r.from, err = pathOf(function, args, "from"); err != nil {
		return nil, err
	}
	if r.to, err = pathOf(function, args, "to"); err != nil {
		return nil, err
	}
	switch {
	case r.from == r.to:
		return nil, action.Errorf(action.CodeInvalid, "%s: both paths are %s", function, files.Spell(r.from))
	case r.from == "/" || strings.HasPrefix(r.to, r.from+"/"):
		return nil, action.Errorf(action.CodeInvalid, "%s: %s cannot come to be in itself", function, files.Spell(r.from))
	case strings.HasPrefix(r.from, r.to+"/") || r.to == "/":
		return nil, action.Errorf(action.CodeInvalid, "%s: %s is in %s, which is there already", function, files.Spell(r.from), files.Spell(r.to))
	}
	return r, nil
}

func (r renaming) Describe() action.Description {
	return action.Description{
		Verb: "host.rename", Target: r.target(r.from), Risk: action.Disruptive, Permissions: r.needs,
		Identity: []action.Arg{{Name: "to", Value: files.Spell(r.to)}},
	}
}

// Predict looks at both paths.
func (r renaming) Predict(ctx context.Context, view action.View) (action.Prediction, error) {
	p, err := r.predict(ctx, view)
	if err != nil {
		return action.Prediction{}, r.about(r.from, err)
	}
	return p, nil
}

func (r renaming) predict(ctx context.Context, view action.View) (action.Prediction, error) {
	seen := r.as(view)
	now, err := seen.Look(ctx, r.from)
	if err != nil {
		return action.Prediction{}, err
	}
	if err := r.free(ctx, seen, now); err != nil {
		return action.Prediction{}, err
	}
	if err := r.straight(ctx, seen); err != nil {
		return action.Prediction{}, err
	}
	r.seen.entries = []files.Entry{now}
	evidence, err := r.evidence(ctx, now)
	if err != nil {
		return action.Prediction{}, err
	}
	root, _, _ := common(r.from, r.to)
	change, err := seen.Change(ctx, root, intended.Edit{Op: intended.Renamed, Paths: []string{r.from}, To: r.to},
		map[string]any{"path": files.Spell(r.from)}, map[string]any{"path": files.Spell(r.to)})
	return action.Prediction{Label: action.Simulated, Evidence: evidence, Value: true, Changes: []action.Change{change}}, err
}

// free looks whether something can come to the new path.
func (r renaming) free(ctx context.Context, seen *intended.Files, what files.Entry) error {
	switch _, err := seen.Look(ctx, r.to); {
	case err == nil:
		return action.Errorf(action.CodeExists, "cannot rename %s: there is something at %s already", files.Spell(r.from), files.Spell(r.to)).
			Try("look what it is: host.stat(%q)", files.Spell(r.to))
	case action.CodeOf(err) != action.CodeNotFound:
		return err
	}
	above, err := seen.Look(ctx, path.Dir(r.to))
	switch {
	case err != nil && action.CodeOf(err) == action.CodeNotFound:
		return action.Errorf(action.CodeNotFound, "cannot rename %s: there is no folder %s", files.Spell(r.from), files.Spell(path.Dir(r.to)))
	case err != nil:
		return err
	case above.Kind != files.Folder:
		return nil
	}
	apart, err := apart(ctx, seen, what, above)
	if err != nil {
		return err
	}
	if apart {
		return action.Errorf(action.CodeRejected, "cannot rename %s: %s is on another file system", files.Spell(r.from), files.Spell(path.Dir(r.to))).
			Try("copy it there, and remove it here")
	}
	return nil
}

// straight refuses a path with a link on its way, below the folder that both paths have in common: none is followed when it is renamed, for
// who puts a link there would else say where a file goes.
func (r renaming) straight(ctx context.Context, seen *intended.Files) error {
	root, _, _ := common(r.from, r.to)
	for _, at := range []string{r.from, r.to} {
		for above := path.Dir(at); len(above) > len(root); above = path.Dir(above) {
			e, err := seen.Look(ctx, above)
			if err != nil {
				return err
			}
			if e.Kind == files.Link {
				return action.Errorf(action.CodeInvalid, "cannot rename %s: %s is a link, and none is followed on the way", files.Spell(r.from), files.Spell(above)).
					Try("name the folder that it leads to, which is %s", files.Spell(e.Target))
			}
		}
	}
	return nil
}

// apart tells whether two entries are on different file systems. What is only intended has no device yet, but a disk that it will be on.
func apart(ctx context.Context, seen *intended.Files, a, b files.Entry) (bool, error) {
	if !intended.IsMade(a) && !intended.IsMade(b) {
		return a.Device() != b.Device(), nil
	}
	first, err := seen.Disk(ctx, a.Path)
	if err != nil {
		return false, err
	}
	second, err := seen.Disk(ctx, b.Path)
	return first.Mount != second.Mount, err
}

// Apply renames what was predicted, if it still is what it was.
func (r renaming) Apply(ctx context.Context, predicted action.Prediction) (action.Result, error) {
	if err := r.apply(ctx, predicted); err != nil {
		return action.Result{}, r.about(r.from, err)
	}
	return action.Result{Value: true}, nil
}

func (r renaming) apply(ctx context.Context, predicted action.Prediction) error {
	if err := r.stillThere(ctx, "rename", r.from, predicted.Evidence); err != nil {
		return err
	}
	root, from, to := common(r.from, r.to)
	was := r.seen.entries[0]
	was.Path = from
	errs, err := r.files.Change(ctx, root, []files.Change{{Op: files.Rename, Was: was, To: to}})
	if err != nil {
		return err
	}
	return errs[0]
}

// Settle looks where the file is now.
func (r renaming) Settle(ctx context.Context, intent action.Intent) (action.Settlement, error) {
	was, known := intent.Evidence.Old[rootField].(string)
	if !known || was == action.OwnDoing {
		return action.Unknown, nil
	}
	for path, settled := range map[string]action.Settlement{r.to: action.Done, r.from: action.NotDone} {
		now, err := r.files.Look(ctx, path)
		switch {
		case err == nil && now.ID == was:
			return settled, nil
		case err != nil && action.CodeOf(err) != action.CodeNotFound:
			return action.Unknown, r.about(path, err)
		}
	}
	return action.Unknown, nil
}
