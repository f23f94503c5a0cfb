package plan

import (
	"maps"
	"slices"
	"strings"

	"runbook/engine/command"
	"runbook/engine/journal"
)

// Again is what to type to plan again what the plan is of: of the same site, with the same parameters, into the same file.
func (p *Plan) Again() string {
	run := p.Run
	words := []string{"runbook", "run", run.Typed()}
	for _, flag := range siteFlags(run) {
		if flag.value != "" {
			words = append(words, flag.name, flag.value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(run.Given)) {
		words = append(words, "-p", name+"="+run.Given[name])
	}
	words = append(words, "--dry-run", "--out", p.Path)
	for i, word := range words {
		words[i] = command.Quote(word)
	}
	return strings.Join(words, " ")
}

type flag struct{ name, value string }

// siteFlags name the site of a run, and who is at it, whatever is current where they are typed.
func siteFlags(run *journal.Run) []flag {
	who := []flag{{"-n", run.Site["namespace"]}, {"--as", run.Site["as"]}}
	for group := range strings.SplitSeq(run.Site["as_groups"], ",") {
		who = append(who, flag{"--as-group", group})
	}
	if run.Scenario() != "" {
		return append([]flag{{"--scenario", run.Scenario()}}, who...)
	}
	site := append([]flag{{"--site", run.SiteFile}, {"--context", run.Site["context"]}}, who...)
	if run.SiteFile == "" {
		site = append(site, flag{"--prometheus", run.Site["prometheus"]})
	}
	return site
}
