package kubernetes

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"runbook/engine/action"
	"runbook/engine/module"
)

func (b *binding) applyFunc() module.Func {
	return module.Func{
		Name: "apply",
		Doc: `Makes one object say what its manifest says, by server-side apply: creates it, or changes the fields that the manifest names and
leaves all others alone.

The fields of the manifest belong to its manager from then on. A field that the manager applied before and that is not in the manifest any
more is removed. A field that somebody else keeps is not taken away: it is a conflict, and the error names who keeps what. So two runbooks
that apply to one object need a manager each.

It counts as disruptive also where it turns out to create the object: that is known only once it looks.`,
		Params: []module.Param{
			{Name: "manifest", Kind: module.Object, Required: true, Doc: "the object as a table, with apiVersion, kind and metadata.name, and no more than is wanted of it"},
			{Name: "options", Kind: module.Object, Doc: "how to apply it", Fields: []module.Param{
				namespaceParam,
				{Name: "force", Kind: module.Boolean, Doc: "take over fields that other managers keep"},
				{Name: "manager", Kind: module.String, Doc: `whom the fields belong to; without it "runbook"`},
			}},
		},
		Returns: module.Result{Type: "kubernetes.Object", Doc: "the object as it is then"},
		Errors:  writeErrors,
		Examples: []string{
			`kubernetes.apply({ apiVersion = "v1", kind = "ConfigMap", metadata = { name = "notice" }, data = { text = "down" } })`,
			`kubernetes.apply({ apiVersion = "apps/v1", kind = "Deployment", metadata = { name = "web" }, spec = { replicas = 5 } }, { namespace = "shop", force = true })`,
		},
		Risk:     action.Disruptive,
		Act:      b.newApply,
		FullKind: fullKind,
		Permits: func(kind string) []action.Permission {
			return permissions(kind, "", "get", "patch", "create")
		},
	}
}

func (b *binding) newApply(args module.Args) (action.Action, error) {
	of, d, err := b.manifest(args, "kubernetes.apply")
	if err != nil {
		return nil, err
	}
	manifest := d.sent.(object)
	if err := notTheServers(manifest, "kubernetes.apply"); err != nil {
		return nil, err
	}
	of.given = nil // it is what is wanted, not what was there
	w := objectWrite{
		b: b, of: of, function: "apply", purpose: "apply", risk: action.Disruptive, again: true, creates: true,
		identity: append([]action.Arg{{Name: "manifest", Value: b.concealIn(of.kind, d.shown.(object))}}, given(args, "force", "manager")...),
		refused:  func(err error) error { return kept(of, err) },
	}
	w.draft = func(ctx context.Context, _ action.View, _ object) (patch, error) {
		at, err := b.resolved(ctx, of)
		return patch{
			how: types.ApplyPatchType, body: at.inPlace(manifest), manager: args.String("manager"), force: args.Bool("force"),
		}, err
	}
	return w, nil
}

// kept explains a conflict over fields: who keeps which, and what to do about it.
func kept(of address, err error) error {
	var fields []string
	for _, cause := range ownersInConflict(err) {
		who, _ := strings.CutPrefix(cause.Message, "conflict with ")
		fields = append(fields, fmt.Sprintf("%s is kept by %s", strings.TrimPrefix(cause.Field, "."), who))
	}
	if len(fields) == 0 {
		return err
	}
	e := action.Errorf(action.CodeConflict, "cannot apply %s: %s", of.target(), strings.Join(fields, ", ")).On(of.target()).
		Try("leave these fields out of the manifest, or take them over with { force = true }")
	e.Cause = answerOf(err)
	return e
}
