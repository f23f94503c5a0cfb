package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/gate"
	"runbook/engine/module"
)

// grantsOf reads the entries of a runbook's `may`: "kubernetes.delete pods", or "notify.send" where the verb has no kinds.
func grantsOf(may []string, modules []*module.Module) ([]gate.Grant, *action.Error) {
	var grants []gate.Grant
	for i, entry := range may {
		grant, err := grantOf(entry, modules)
		if err != nil {
			return nil, action.Errorf(action.CodeInvalid, "runbook: may[%d]: %w", i+1, err)
		}
		grants = append(grants, grant)
	}
	return grants, nil
}

func grantOf(entry string, modules []*module.Module) (gate.Grant, error) {
	words := strings.Fields(entry)
	if len(words) == 0 || len(words) > 2 {
		return gate.Grant{}, fmt.Errorf("%q is not of the form \"module.function kind\"", entry)
	}
	_, f := findFunc(words[0], modules)
	if f == nil || f.Effect() != module.Acts && f.Effect() != module.Either {
		return gate.Grant{}, fmt.Errorf("%q is not an action%s", words[0], module.DidYouMean(words[0], actionNames(modules)))
	}
	if len(f.Kinds) > 0 && (len(words) == 1 || !slices.Contains(f.Kinds, words[1])) {
		return gate.Grant{}, fmt.Errorf("%q needs the kind that it is about: \"%s %s\"", entry, words[0], strings.Join(f.Kinds, "\" or \""+words[0]+" "))
	}
	if f.Permits != nil && len(words) == 1 {
		return gate.Grant{}, fmt.Errorf("%q needs the kind that it is about: \"%s pods\"", entry, words[0])
	}
	grant := gate.Grant{Verb: words[0]}
	if len(words) == 2 {
		grant.Kind = words[1]
		if f.FullKind != nil {
			grant.Kind = f.FullKind(words[1]) // "services" must not mean those of every API group
		}
	}
	return grant, nil
}

func findFunc(verb string, modules []*module.Module) (*module.Module, *module.Func) {
	name, function, _ := strings.Cut(verb, ".")
	for _, m := range modules {
		if m.Name == name {
			return m, m.Func(function)
		}
	}
	return nil, nil
}

func actionNames(modules []*module.Module) []string {
	var names []string
	for _, m := range modules {
		for i := range m.Funcs {
			if effect := m.Funcs[i].Effect(); effect == module.Acts || effect == module.Either {
				names = append(names, m.Qualified(&m.Funcs[i]))
			}
		}
	}
	return names
}

// riskiest returns the grants whose functions can do more than routine harm: they need somebody who consents.
func riskiest(grants []gate.Grant, modules []*module.Module) []gate.Grant {
	var out []gate.Grant
	for _, g := range grants {
		if _, f := findFunc(g.Verb, modules); f != nil && f.Risk > action.Routine {
			out = append(out, g)
		}
	}
	return out
}

// reviewTime bounds the question to the systems, so that a run is not held up by one that does not answer.
const reviewTime = 5 * time.Second

// denied asks the modules' systems which of the grants the caller has no permission for. A system that cannot say is left out: the
// first operation will tell, with its place in the script.
func denied(ctx context.Context, grants []gate.Grant, modules []*module.Module) []action.Permission {
	ctx, cancel := module.OutsideOf(ctx).WithTimeout(ctx, reviewTime)
	defer cancel()
	var out []action.Permission
	for _, m := range modules {
		if m.Denied == nil {
			continue
		}
		wanted := permissions(grants, m)
		if len(wanted) == 0 {
			continue
		}
		missing, err := m.Denied(ctx, wanted)
		if err != nil {
			continue
		}
		out = append(out, missing...)
	}
	return out
}

func permissions(grants []gate.Grant, m *module.Module) []action.Permission {
	var out []action.Permission
	for _, g := range grants {
		if of, f := findFunc(g.Verb, []*module.Module{m}); of == m && f != nil && f.Permits != nil {
			for _, p := range f.Permits(g.Kind) {
				if !slices.Contains(out, p) {
					out = append(out, p)
				}
			}
		}
	}
	return out
}
