package s3

import (
	"regexp"
	"strings"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/module"
)

// The options that say which objects or files are meant.
var (
	includeParam = module.Param{Name: "include", Kind: module.Texts, Doc: `pattern, or a list of which one has to fit, of what is meant alone: "*.dump", "cache/*". A name is that below the folder or prefix; a star stands for anything, slashes too; a question mark for one sign`}
	excludeParam = module.Param{Name: "exclude", Kind: module.Texts, Doc: "patterns likewise: what one of them fits is left out, neither looked at nor changed on either side"}
)

// patterns say which names are meant, as s5cmd reads them: a star stands for anything, slashes too. Its cp compares the names below a prefix with
// them, as here; its sync, at least in version 2.3, whole keys.
type patterns struct{ include, exclude []*regexp.Regexp }

func newPatterns(function string, args module.Args) (p patterns, err error) {
	for _, one := range []struct {
		option string
		into   *[]*regexp.Regexp
	}{{"include", &p.include}, {"exclude", &p.exclude}} {
		texts := args.Strings(one.option)
		if texts != nil {
			*one.into = []*regexp.Regexp{} // which nothing fits
		}
		for _, text := range texts {
			if text == "" {
				return p, action.Errorf(action.CodeInvalid, "%s: %s: a pattern is empty; one that fits all is *", function, one.option)
			}
			*one.into = append(*one.into, compiled(text))
		}
	}
	return p, nil
}

// compiled is a pattern as a regular expression over the whole name.
func compiled(pattern string) *regexp.Regexp {
	quoted := regexp.QuoteMeta(pattern)
	quoted = strings.ReplaceAll(strings.ReplaceAll(quoted, `\*`, ".*"), `\?`, ".")
	return regexp.MustCompile("(?s)^" + quoted + "$")
}

// all tells whether every name is meant.
func (p patterns) all() bool { return p.include == nil && len(p.exclude) == 0 }

// told says that only some names are meant, where that is so.
func (p patterns) told() string {
	if p.all() {
		return ""
	}
	return " that include and exclude leave in"
}

// match tells whether a name is meant.
func (p patterns) match(name string) bool {
	return (p.include == nil || anyFits(p.include, name)) && !anyFits(p.exclude, name)
}

// missed are those of what could not be looked at that may have to be: the first, and how many. Of a folder it is not known what is in it; it
// is left out by a pattern for all of that, such as private/*.
func (p patterns) missed(walked files.Walked) (first files.Unlooked, count int64) {
	count = walked.Skipped
	for _, one := range walked.Unlooked {
		switch {
		case anyFits(p.exclude, one.Path) || anyFits(p.exclude, one.Path+"/"):
			count--
		case first.Err == nil:
			first = one
		}
	}
	if first.Err == nil && count > 0 { // of more than are named
		first = walked.Unlooked[0]
	}
	return first, count
}

func anyFits(list []*regexp.Regexp, name string) bool {
	for _, r := range list {
		if r.MatchString(name) {
			return true
		}
	}
	return false
}
