package main

import (
	"context"
	"fmt"

	"runbook/engine"
	"runbook/engine/action"
	"runbook/engine/plan"
	"runbook/engine/redact"
	"runbook/engine/screen"
	"runbook/engine/secret"
)

// staleness is what is known to have changed since a plan was made, without asking the site.
func staleness(ctx context.Context, f *commonFlags, p *plan.Plan) []screen.Stale {
	var out []screen.Stale
	for _, of := range []func() []screen.Stale{
		func() []screen.Stale { return staleScript(ctx, p) },
		func() []screen.Stale { return staleSite(f, p) },
		func() []screen.Stale { return staleSecrets(p) },
		func() []screen.Stale { return staleProgram(p) },
	} {
		out = append(out, of()...)
	}
	return out
}

func staleScript(ctx context.Context, p *plan.Plan) []screen.Stale {
	const what = "script"
	var out []screen.Stale
	if _, err := shelves().Find(p.Run.Typed()); action.CodeOf(err) == action.CodeNotFound {
		out = append(out, screen.Stale{What: what, Text: "its script is not found where it was: apply runs the copy in the plan"})
	}
	entry, err := entryOf(p.Run, p.Sources)
	if err != nil {
		return append(out, screen.Stale{What: what, Text: "its script cannot be read: " + err.Error(), Refuses: true})
	}
	diff, err := engine.ScriptDrift(ctx, entry, library(declared()...), p.Run, p.Sources)
	switch {
	case err != nil:
		out = append(out, screen.Stale{What: what, Text: "its script cannot be loaded: " + err.Error(), Diff: diff, Refuses: true})
	case diff != "":
		out = append(out, screen.Stale{What: what, Text: "the script has changed since it was made:", Diff: diff, Refuses: true})
	}
	return out
}

// staleSite compares the site as apply would find it on the same command line.
func staleSite(f *commonFlags, p *plan.Plan) []screen.Stale {
	const what = "site"
	named := *f.cluster.Context != "" || f.site != "" || p.Run.SiteFile != ""
	planned, current := p.Run.Site["context"], f.cluster.current()
	if err := f.remember(p.Run); err != nil {
		return []screen.Stale{{What: what, Text: err.Error(), Refuses: true}}
	}
	where, err := f.venue()
	if err != nil {
		return []screen.Stale{{What: what, Text: err.Error(), Refuses: true}}
	}
	var out []screen.Stale
	if p.Run.Scenario() == "" && !named && planned != "" && current != "" && current != planned {
		out = append(out, screen.Stale{What: what, Text: fmt.Sprintf("your context is %s: apply goes to that of the plan, %s", current, planned)})
	}
	f.restore(p.Run.Site)
	if fault := siteFault(p.Run.Site, where.identity(redact.New())); fault != "" {
		out = append(out, screen.Stale{What: what, Text: "it " + fault, Refuses: true})
	}
	return out
}

// staleSecrets tells which secrets cannot be read any more, or not here.
func staleSecrets(p *plan.Plan) []screen.Stale {
	var out []screen.Stale
	for _, name := range p.Run.Masked {
		reference, given := p.Run.Given[name]
		if !given {
			continue // a default of the script
		}
		if _, err := secret.Read(reference); err != nil {
			out = append(out, screen.Stale{What: "parameters", Text: fmt.Sprintf("the secret parameter %s cannot be read here: %v", name, err), Refuses: true})
		}
	}
	return out
}

func staleProgram(p *plan.Plan) []screen.Stale {
	if p.Run.Version == version {
		return nil
	}
	return []screen.Stale{{What: "program", Text: fmt.Sprintf("it was made with runbook %s, and this is runbook %s", p.Run.Version, version)}}
}
