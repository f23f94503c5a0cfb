package kubernetes

import (
	"context"
	"net/http"
	"sync"

	"github.com/tidwall/gjson"

	"runbook/engine/action"
)

// reviewsAtOnce bounds how many access reviews are asked at the same time.
const reviewsAtOnce = 8

// denied asks the cluster which of the permissions the caller lacks, in the order in which they were given. A permission without
// a scope on a namespaced kind means the context's namespace.
func (b *binding) denied(ctx context.Context, wanted []action.Permission) ([]action.Permission, error) {
	refused := make([]bool, len(wanted))
	errs := make([]error, len(wanted))
	turns := make(chan struct{}, reviewsAtOnce)
	var all sync.WaitGroup
	for i, p := range wanted {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			refused[i], errs[i] = b.refuses(ctx, p)
		})
	}
	all.Wait()
	var out []action.Permission
	for i, p := range wanted {
		if errs[i] != nil {
			return nil, errs[i]
		}
		if refused[i] {
			out = append(out, p)
		}
	}
	return out, nil
}

func (b *binding) refuses(ctx context.Context, p action.Permission) (bool, error) {
	namespace, err := b.scopeOf(ctx, p)
	if err != nil {
		return false, err
	}
	body, err := encode(object{
		"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
		"spec": object{"resourceAttributes": object{
			"verb": p.Verb, "group": p.Group, "resource": p.Resource, "subresource": p.Subresource,
			"namespace": namespace, "name": p.Name,
		}},
	})
	if err != nil {
		return false, err
	}
	answer, err := b.send(ctx, request{
		purpose: "ask the cluster whether you may " + p.Verb + " " + p.Path(), verb: "create", method: http.MethodPost,
		path:   "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
		target: action.Target{System: system, Kind: "selfsubjectaccessreviews.authorization.k8s.io"}, body: body,
	})
	if err != nil {
		return false, err
	}
	return !gjson.GetBytes(answer, "status.allowed").Bool(), nil
}

func (b *binding) scopeOf(ctx context.Context, p action.Permission) (string, error) {
	if p.Scope != "" {
		return p.Scope, nil
	}
	of, err := b.place(join(p.Resource, p.Group), "", "")
	if err != nil {
		return "", err
	}
	of, err = b.resolved(ctx, of)
	return of.namespace, err
}
