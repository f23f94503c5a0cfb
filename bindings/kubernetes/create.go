package kubernetes

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/ownership"
	"runbook/engine/workload"
)

func (b *binding) createFunc() module.Func {
	return module.Func{
		Name: "create",
		Doc: `Creates one object from its manifest.

The manifest needs apiVersion, kind and metadata.name; a generated name would be another one in every run.`,
		Params: []module.Param{
			{Name: "manifest", Kind: module.Object, Required: true, Doc: "the object as a table"},
			{Name: "options", Kind: module.Object, Doc: "where to create it", Fields: []module.Param{namespaceParam}},
		},
		Returns: module.Result{Type: "kubernetes.Object", Doc: "the object as the server completed it"},
		Errors:  []action.Code{action.CodeExists, action.CodeForbidden, action.CodeRejected, action.CodeNotFound},
		Examples: []string{
			`kubernetes.create({ apiVersion = "v1", kind = "Namespace", metadata = { name = "scratch" } })`,
			`kubernetes.create({ apiVersion = "v1", kind = "ConfigMap", metadata = { name = "notice" }, data = { text = "down" } })`,
		},
		Risk:     action.Routine,
		Act:      b.newCreate,
		FullKind: fullKind,
		Permits: func(kind string) []action.Permission {
			return permissions(kind, "", "create")
		},
	}
}

// A createAction is one call of create.
type createAction struct {
	b        *binding
	of       address
	manifest object // as it is sent
	told     object // as it may be told
}

func (b *binding) newCreate(args module.Args) (action.Action, error) {
	of, d, err := b.manifest(args, "kubernetes.create")
	if err != nil {
		return nil, err
	}
	return createAction{b, of, d.sent.(object), b.concealIn(of.kind, d.shown.(object))}, nil
}

// manifest is the object that a call is given to be made, with its address.
func (b *binding) manifest(args module.Args, function string) (address, disclosure, error) {
	shown, err := plainJSON(args["manifest"])
	if err != nil {
		return address{}, disclosure{}, err
	}
	manifest, _ := shown.(object)
	if workload.Text(manifest, "metadata", "generateName") != "" {
		return address{}, disclosure{}, action.Errorf(action.CodeInvalid, "%s: write metadata.name instead of generateName: a plan must be able to name the object", function)
	}
	if workload.Text(manifest, "apiVersion") == "" {
		return address{}, disclosure{}, action.Errorf(action.CodeInvalid, `%s: the manifest has no apiVersion, as in apiVersion = "v1"`, function)
	}
	raw, err := encode(manifest)
	if err != nil {
		return address{}, disclosure{}, err
	}
	of, err := b.addressOfObject(raw, args.String("namespace"))
	if err != nil {
		return address{}, disclosure{}, err
	}
	d, err := b.disclose(of.kind, args["manifest"])
	return of, d, err
}

func (c createAction) Describe() action.Description {
	return action.Description{
		Verb: "kubernetes.create", Target: c.of.target(), Risk: action.Routine,
		Permissions: []action.Permission{c.of.anyName().permission("create", "")},
		Identity:    []action.Arg{{Name: "manifest", Value: c.told}},
	}
}

// shown is an object of this kind as it may be shown and recorded.
func (c createAction) shown(o object) object {
	return c.b.concealIn(c.of.kind, o)
}

func (c createAction) Predict(ctx context.Context, view action.View) (action.Prediction, error) {
	of, err := c.b.resolved(ctx, c.of)
	if err != nil {
		return action.Prediction{}, err
	}
	c.of = of
	made, label, note, err := c.foresee(ctx, view)
	if err != nil {
		return action.Prediction{}, err
	}
	value, err := encode(made)
	if err != nil {
		return action.Prediction{}, err
	}
	p := action.Prediction{
		Changes: own(of.target(), nil, made),
		Value:   value, Label: label, Note: note,
	}
	return follows(p, func() ([]action.Change, error) {
		w, err := c.b.gather(ctx, view, made)
		if err != nil {
			return nil, err
		}
		return changes(workload.Diff(w, workload.Reconcile(w, c.b.now(ctx)))), nil
	}), nil
}

// foresee is the object that would come to be: according to the server, unless only the intended state knows its surroundings.
func (c createAction) foresee(ctx context.Context, view action.View) (made object, label action.Label, note string, err error) {
	where, err := c.b.territory(ctx, view, c.of.namespace)
	if err != nil {
		return nil, "", "", err
	}
	_, intended := view.Lay(c.of.target(), nil)
	switch {
	case where == gone:
		return nil, "", "", c.b.missing(ctx, view, c.of, "create")
	case where == actual && !intended:
		made, err = c.post(ctx, url.Values{"dryRun": {"All"}})
		return made, action.Validated, "", err
	}
	s, err := c.b.look(ctx, view, c.of, "create")
	if err != nil {
		return nil, "", "", err
	}
	if s.object != nil {
		return nil, "", "", action.Errorf(action.CodeExists, "cannot create %s: this run creates it already", c.of.target()).On(c.of.target())
	}
	note = "the server still has the object that this run deletes first"
	if where == imagined {
		note = "its namespace exists only as intended, so the server cannot be asked"
	}
	made = workload.Created(c.shown(c.of.kind.stored(c.of.inPlace(c.manifest))), c.b.now(ctx))
	return c.b.ownedBy(ctx, c.of.kind, ownership.Write{Manager: c.manager()}, nil, made), action.Simulated, note, nil
}

// inPlace is a manifest with the namespace of its address written in.
func (a address) inPlace(manifest object) object {
	if a.namespace == "" {
		return manifest
	}
	return workload.With(manifest, a.namespace, "metadata", "namespace")
}

// post sends the manifest and returns the object that the server made of it, as it may be shown.
func (c createAction) post(ctx context.Context, query url.Values) (object, error) {
	body, err := encode(c.of.inPlace(c.manifest))
	if err != nil {
		return nil, err
	}
	query.Set("fieldManager", c.manager())
	query.Set("fieldValidation", "Strict") // a misspelt field is an error, not silently dropped
	r := c.of.request(http.MethodPost, "create", "create")
	r.path, r.query, r.body, r.mutates = c.of.anyName().path(), query, body, query.Get("dryRun") == ""
	_, made, err := c.b.sendFor(ctx, r)
	if err != nil {
		return nil, err
	}
	return c.shown(made), nil
}

func (c createAction) Apply(ctx context.Context, _ action.Prediction) (action.Result, error) {
	var err error
	if c.of, err = c.b.resolved(ctx, c.of); err != nil {
		return action.Result{}, err
	}
	made, err := c.post(ctx, url.Values{})
	if err != nil {
		return action.Result{}, err
	}
	c.b.leaveEvent(ctx, made, "RunbookCreate", "created")
	value, err := encode(made)
	return action.Result{Value: value}, err
}

// clockSkew is how far the server's clock may be behind ours before Settle takes our own object for an older one.
const clockSkew = 5 * time.Second

// manager is the owner of the fields of what this run creates. It is the run's own, so that Settle does not take the object of another
// run for ours.
func (c createAction) manager() string {
	if c.b.Run == "" {
		return c.b.FieldManager
	}
	return c.b.FieldManager + "-" + c.b.Run
}

// Settle looks for the object and for who made it: this run, and not before the request was sent.
func (c createAction) Settle(ctx context.Context, intent action.Intent) (action.Settlement, error) {
	of, err := c.b.resolved(ctx, c.of)
	if err != nil {
		return action.Unknown, err
	}
	_, live, err := c.b.fetch(ctx, of, "look for")
	if err != nil {
		return action.Unknown, err
	}
	if live == nil {
		return action.NotDone, nil
	}
	since, err := time.Parse(time.RFC3339, workload.Text(live, "metadata", "creationTimestamp"))
	if err != nil || since.Before(intent.Sent.Add(-clockSkew)) || !managedBy(live, c.manager()) {
		return action.Unknown, nil
	}
	return action.Done, nil
}

func managedBy(o object, manager string) bool {
	for _, entry := range workload.Maps(o, "metadata", "managedFields") {
		if entry["manager"] == manager && entry["operation"] == "Update" {
			return true
		}
	}
	return false
}
