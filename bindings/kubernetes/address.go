package kubernetes

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"runbook/engine/action"
	"runbook/engine/module"
)

// An address says which object a call is about. It is made from the call's arguments alone; of a kind that is not built in, word
// is what has to be looked up before the address can be used.
type address struct {
	kind      kind
	word      string // empty once the kind is known
	namespace string
	name      string
	given     json.RawMessage // the object itself, if the script passed one
}

// refParam is the parameter that most functions begin with.
func refParam(doc string) module.Param {
	return module.Param{Name: "ref", Kind: module.Ref, Required: true, Doc: doc}
}

var namespaceParam = module.Param{
	Name: "namespace", Kind: module.String,
	Doc: "the object's namespace; without it the object's own, else the kubeconfig context's",
}

// address reads a Ref argument and the namespace option. bare is the kind meant by a name alone, "" if a kind must be written.
func (b *binding) address(args module.Args, bare string) (address, error) {
	raw, err := rawObject(args["ref"])
	if err != nil {
		return address{}, err
	}
	if raw != nil {
		return b.addressOfObject(raw, args.String("namespace"))
	}
	word, name, ok := strings.Cut(args.String("ref"), "/")
	if !ok {
		word, name = bare, word
	}
	if word == "" || name == "" || strings.Contains(name, "/") {
		return address{}, action.Errorf(action.CodeInvalid, `%q names no object: write "kind/name", as in "deployment/web"`, args.String("ref"))
	}
	return b.place(word, name, args.String("namespace"))
}

func (b *binding) addressOfObject(raw json.RawMessage, namespace string) (address, error) {
	fields := gjson.GetManyBytes(raw, "apiVersion", "kind", "metadata.name", "metadata.namespace")
	if fields[1].String() == "" || fields[2].String() == "" {
		return address{}, action.Errorf(action.CodeInvalid, "the object has no kind or no metadata.name, so it names nothing in the cluster")
	}
	own := fields[3].String()
	if own != "" && namespace != "" && own != namespace {
		return address{}, action.Errorf(action.CodeInvalid, "the object is in namespace %s, not in %s", own, namespace)
	}
	a, err := b.place(wordFor(fields[0].String(), fields[1].String()), fields[2].String(), cmp.Or(namespace, own))
	a.given = raw
	return a, err
}

// wordFor spells a manifest's kind the way a person would, with its group, so that both find the same kind.
func wordFor(apiVersion, name string) string {
	group, err := groupOf(apiVersion)
	if err != nil {
		return name
	}
	return join(name, group)
}

func groupOf(apiVersion string) (string, error) {
	gv, err := schema.ParseGroupVersion(apiVersion)
	return gv.Group, err
}

func (b *binding) place(word, name, namespace string) (address, error) {
	a := address{name: name}
	known := false
	if a.kind, known = builtinKind(word); !known {
		a.kind, a.word = guessKind(word), word
	}
	if a.kind.namespaced {
		a.namespace = namespace
		if namespace == "" {
			var err error
			if a.namespace, err = b.namespace(); err != nil {
				return address{}, err
			}
		}
	}
	return a, nil
}

// resolved returns the address with a kind that the server knows.
func (b *binding) resolved(ctx context.Context, a address) (address, error) {
	if a.word == "" {
		return a, nil
	}
	link, err := b.link()
	if err != nil {
		return a, err
	}
	if a.kind, err = b.kinds.find(ctx, link, a.word); err != nil {
		return a, err
	}
	a.word = ""
	if !a.kind.namespaced {
		a.namespace = ""
	}
	return a, nil
}

func (a address) target() action.Target {
	return action.Target{System: system, Kind: a.kind.canonical(), Scope: a.namespace, Name: a.name}
}

func (a address) path(subresource ...string) string {
	return a.kind.path(a.namespace, a.name, subresource...)
}

// request begins a request about the object. verb is as kubectl auth can-i spells it, purpose as a person would say it.
func (a address) request(method, verb, purpose string) request {
	return request{method: method, verb: verb, purpose: fmt.Sprintf("%s %s", purpose, a.target()), target: a.target(), path: a.path()}
}

// permission is the right to do verb to the object or to one of its subresources.
func (a address) permission(verb, subresource string) action.Permission {
	return action.Permission{
		System: system, Verb: verb, Group: a.kind.group, Resource: a.kind.resource, Subresource: subresource,
		Scope: a.namespace, Name: a.name,
	}
}

// permissions are rights on any object of a kind, before one is known.
func permissions(word, subresource string, verbs ...string) []action.Permission {
	k, ok := builtinKind(word)
	if !ok {
		k = guessKind(word)
	}
	out := make([]action.Permission, len(verbs))
	for i, verb := range verbs {
		out[i] = action.Permission{System: system, Verb: verb, Group: k.group, Resource: k.resource, Subresource: subresource}
	}
	return out
}

// anyName is the address of the kind in its namespace.
func (a address) anyName() address {
	a.name = ""
	return a
}

// kubectl is the object as arguments of kubectl.
func (a address) kubectl() string {
	line := a.kind.canonical() + "/" + a.name
	if a.namespace != "" {
		line += " -n " + a.namespace
	}
	return line
}

// stub is as much of the object as it takes to refer to it.
func (a address) stub(uid string) object {
	metadata := object{"name": a.name, "uid": uid}
	if a.namespace != "" {
		metadata["namespace"] = a.namespace
	}
	return object{"apiVersion": a.kind.apiVersion(), "kind": a.kind.name, "metadata": metadata}
}
