package chain

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/module"
)

// defaultProfile is the one that is meant where nobody names one.
const defaultProfile = "default"

// files are what is in the shared configuration file and the credentials file, of which the second one wins.
type files struct {
	profiles, sessions, services map[string]map[string]string
	config, credentials          string // paths
}

func (o Options) files() (files, error) {
	f := files{
		profiles: map[string]map[string]string{}, sessions: map[string]map[string]string{}, services: map[string]map[string]string{},
		config: o.path("AWS_CONFIG_FILE", "config"), credentials: o.path("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
	}
	for _, one := range []struct {
		path string
		put  func(section string, values map[string]string)
	}{{f.config, f.configured}, {f.credentials, f.profile}} {
		if one.path == "" {
			continue
		}
		text, err := os.ReadFile(one.path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return f, action.Errorf(action.CodeInvalid, "cannot read AWS's settings: %w", err)
		}
		for _, s := range sections(string(text)) {
			one.put(s.name, s.values)
		}
	}
	return f, nil
}

// configured takes in a section of the configuration file, in which the names of profiles stand behind a word.
func (f files) configured(section string, values map[string]string) {
	kind, name, found := strings.Cut(section, " ")
	name = strings.TrimSpace(name)
	switch {
	case section == defaultProfile:
		f.profile(section, values)
	case found && kind == "profile":
		f.profile(name, values)
	case found && kind == "sso-session":
		f.sessions[name] = values
	case found && kind == "services":
		f.services[name] = values
	}
}

func (f files) profile(name string, values map[string]string) {
	if f.profiles[name] == nil {
		f.profiles[name] = map[string]string{}
	}
	maps.Copy(f.profiles[name], values)
}

func (f files) noProfile(name string) error {
	return action.Errorf(action.CodeInvalid, "AWS's files have no profile %q%s", name, module.Suggest(name, slices.Sorted(maps.Keys(f.profiles)))).
		Try("look into %s and %s, or at AWS_PROFILE", f.config, f.credentials)
}

// A section is one of a file.
type section struct {
	name   string
	values map[string]string
}

// sections reads a file. What is indented below a name without a value belongs to that name: "s3.addressing_style".
func sections(text string) (out []section) {
	parent := ""
	for line := range strings.Lines(text) {
		bare := strings.TrimSpace(line)
		if bare == "" || bare[0] == '#' || bare[0] == ';' {
			continue
		}
		if bare[0] == '[' {
			name, _, _ := strings.Cut(bare[1:], "]")
			out, parent = append(out, section{strings.TrimSpace(name), map[string]string{}}), ""
			continue
		}
		name, value, found := strings.Cut(bare, "=")
		if !found || len(out) == 0 {
			continue
		}
		name, value = strings.ToLower(strings.TrimSpace(name)), withoutComment(strings.TrimSpace(value))
		values := out[len(out)-1].values
		switch indented := line[0] == ' ' || line[0] == '\t'; {
		case indented && parent != "":
			values[parent+"."+name] = value
		case value == "":
			parent, values[name] = name, ""
		default:
			parent, values[name] = "", value
		}
	}
	return out
}

// withoutComment drops what follows a blank and a sign that begins a comment.
func withoutComment(value string) string {
	for _, sign := range []string{" #", " ;", "\t#", "\t;"} {
		value, _, _ = strings.Cut(value, sign)
	}
	return strings.TrimSpace(value)
}

func missing(profile, what string) error {
	return action.Errorf(action.CodeInvalid, "the AWS profile %q says no %s", profile, what)
}

func unusable(profile string, format string, args ...any) *action.Error {
	return action.Errorf(action.CodeUnauth, "cannot get credentials from the AWS profile %q: %w", profile, fmt.Errorf(format, args...))
}
