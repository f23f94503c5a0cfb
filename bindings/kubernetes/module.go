// Package kubernetes offers a cluster to Lua: what kubectl looks at and what it changes, object by object, and pure helpers that show
// objects the way kubectl does and say what is the matter with them.
//
// It never carries a change out by itself: a function builds an operation (engine/action) and the gate decides. It has no mode
// either: in a dry run it is the View that differs, and the server is asked with dryRun=All what it would do. It never sends a
// request twice, never decodes into Go types on the way of a list, and never lets a value of a Secret out.
//
// Building an operation touches no network. Kinds that every cluster has are known by a table (builtin.go); for any other, a
// description spells the kind as the script wrote it, and the server is asked for its real name when the operation runs. The
// namespace of the context comes from the kubeconfig, which is read once, when the first operation needs it.
//
// Read next: client.go for how a request is made, sight.go for how intended state is laid over an answer, intended.go for how a library
// that makes its own requests sees the same, objectwrite.go for what all changes of one object have in common, then one file per function.
package kubernetes

import (
	"context"
	"net/http"
	"sync"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"runbook/engine/action"
	"runbook/engine/module"
)

// system is the name of Kubernetes in targets and permissions.
const system = "kubernetes"

// Config says which cluster, and how to appear to it.
type Config struct {
	Access        Access                                    // loaded at the first operation
	WrapTransport func(http.RoundTripper) http.RoundTripper // put under every client, exec's included; may be nil
	Commands      action.Commands                           // commands that only look
	UserAgent     string                                    // of every request
	FieldManager  string                                    // owner of the fields we write
	Run           string                                    // id of the run, for the events that actions leave
	Now           func() time.Time                          // nil for the time of the run
	Patience      time.Duration                             // how long the cluster may be silent in the middle of a request; 0 for a minute
	Secrets       module.Secrets                            // kept out of what is shown; nil for nobody who does that
}

// Access says where the cluster is and who we are there, as a kubeconfig does.
type Access interface {
	ToRESTConfig() (*rest.Config, error)
	ToRawKubeConfigLoader() clientcmd.ClientConfig
}

// A binding is the module of one cluster.
type binding struct {
	Config
	link      func() (*link, error)
	namespace func() (string, error)
	user      *caller
	kinds     *catalogue
}

// New makes the module. It contacts nothing and reads nothing.
func New(cfg Config) *module.Module {
	b := newBinding(cfg)
	return &module.Module{
		Name: "kubernetes",
		Doc: `The objects of a Kubernetes cluster.

Kinds are written as for kubectl: "pods", "po", "deploy", "deployments.apps". One object is "kind/name", or an object that came
from get or list. Objects are read-only; their fields are those of the manifest: pod.metadata.name, pod.status.phase. The values
of Secrets never arrive: each reads "[secret]", but for the function secret, whose values can be passed on and not be read.`,
		Funcs: []module.Func{
			b.listFunc(),
			b.getFunc(),
			b.describeFunc(),
			b.configmapFunc(),
			b.secretFunc(),
			b.createFunc(),
			b.deleteFunc(),
			b.scaleFunc(),
			b.applyFunc(),
			b.patchFunc(),
			b.labelFunc(),
			b.annotateFunc(),
			b.restartFunc(),
			b.undoFunc(),
			b.pauseFunc(),
			b.resumeFunc(),
			b.rolloutFunc(),
			b.historyFunc(),
			b.cordonFunc(),
			b.uncordonFunc(),
			b.evictFunc(),
			b.drainableFunc(),
			b.waitFunc(),
			b.logsFunc(),
			b.logsOfFunc(),
			b.eventsFunc(),
			b.topFunc(),
			b.execFunc(),
			b.failingFunc(),
			b.troubleFunc(),
			b.rowFunc(),
		},
		Denied: b.denied,
	}
}

// now is the time of the run.
func (b *binding) now(ctx context.Context) time.Time {
	if b.Now != nil {
		return b.Now()
	}
	return module.Now(ctx)
}

func newBinding(cfg Config) *binding {
	if cfg.Secrets == nil {
		cfg.Secrets = module.Openly{}
	}
	b := &binding{Config: cfg, kinds: &catalogue{}, user: &caller{}}
	b.link = sync.OnceValues(cfg.connect)
	b.namespace = sync.OnceValues(cfg.contextNamespace)
	return b
}
