package kubernetes

import (
	"context"
	"time"

	"runbook/engine/action"
	"runbook/engine/module"
)

func (b *binding) failingFunc() module.Func {
	return module.Func{
		Name: "failing",
		Doc: `Picks the pods that need help out of a list of pods.

These are the pods that kubectl shows with a status such as CrashLoopBackOff, Error, OOMKilled, ImagePullBackOff, ErrImagePull,
CreateContainerConfigError, Evicted, Failed, Unknown, Init:Error or a non-zero exit code; and those that are scheduled and
have not been ready for longer than unready_for. A pod that has completed or is going away is not failing.

A pod that has no node, or that is stuck on its way out, is no better for being deleted: such are picked with stuck only. trouble says
for each pod what is the matter.`,
		Params: []module.Param{
			{Name: "pods", Kind: module.List, Required: true, Doc: "pods, as list returns them"},
			{Name: "options", Kind: module.Object, Doc: "what counts", Fields: []module.Param{
				unreadyFor,
				{
					Name: "stuck", Kind: module.Boolean,
					Doc: "also those that have waited for a node, or should have been gone, for longer than unready_for",
				},
			}},
		},
		Returns: module.Result{Type: "kubernetes.Object[]", Doc: "those that fail, in the order of the list"},
		Examples: []string{
			`for _, pod in ipairs(kubernetes.failing(kubernetes.list("pods"))) do log(pod.metadata.name) end`,
			`local stuck = kubernetes.failing(pods, { unready_for = "30s", stuck = true })`,
		},
		Pure: func(ctx context.Context, args module.Args) (any, error) {
			bound, _ := args.Duration("unready_for")
			return pickFailing(args.List("pods"), bound, args.Bool("stuck"), b.now(ctx))
		},
	}
}

func pickFailing(pods []any, bound time.Duration, stuck bool, now time.Time) (any, error) {
	out := []any{}
	for i, item := range pods {
		pod, err := podOf(item)
		if err != nil {
			return nil, err
		}
		if pod == nil {
			return nil, action.Errorf(action.CodeInvalid, "kubernetes.failing: element %d of the list is no pod", i+1)
		}
		if t := troubleOf(pod, bound, now); t != nil && (t.curable || stuck) {
			out = append(out, item)
		}
	}
	return out, nil
}
