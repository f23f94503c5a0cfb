// Package site reads the site file, runbook.yaml: which systems a site consists of, and what is known about them.
//
// It is strictly checked, with line numbers, and holds secrets only by reference. It connects to nothing. Read next: cmd/runbook,
// which makes the modules' configurations of it.
package site

import (
	"bytes"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"runbook/engine/action"
)

// FileName is the name that is looked for in the working directory.
const FileName = "runbook.yaml"

// A Site is what a site file says.
type Site struct {
	Name       string     `yaml:"name"`
	Kubernetes Kubernetes `yaml:"kubernetes"`
	Commands   Commands   `yaml:"commands"`
	Path       string     `yaml:"-"` // of the file; "" if there is none
}

// Kubernetes says which cluster is meant. Flags of the command line come before it.
type Kubernetes struct {
	Kubeconfig string   `yaml:"kubeconfig"` // path; empty for KUBECONFIG and then ~/.kube/config
	Context    string   `yaml:"context"`
	Namespace  string   `yaml:"namespace"`
	Production []string `yaml:"production"` // contexts whose name has to be typed before something is changed
}

// Commands says what is known about commands that run in containers and on hosts.
type Commands struct {
	// Reads are patterns of argument vectors that change nothing; action.Commands says how they match.
	Reads action.Commands `yaml:"reads"`
}

// Load reads a site file. With an empty path it reads runbook.yaml in the working directory, if there is one.
func Load(path string) (*Site, error) {
	named := path != ""
	if !named {
		path = FileName
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) && !named {
		return &Site{}, nil
	}
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "cannot read the site file: %w", err)
	}
	s, err := Parse(text)
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "%s: %w", path, err)
	}
	s.Path = path
	return s, nil
}

// typeName is how yaml names our types in its messages, which a reader does not care about.
var typeName = regexp.MustCompile(` in type \S+`)

// Parse reads a site file's text. Unknown fields are errors, with their line.
func Parse(text []byte) (*Site, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	s := &Site{}
	if err := decoder.Decode(s); err != nil && !errors.Is(err, io.EOF) {
		message := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "yaml: "), "unmarshal errors:\n  ")
		return nil, action.Errorf(action.CodeInvalid, "%s", typeName.ReplaceAllString(message, ""))
	}
	return s, s.check()
}

func (s *Site) check() error {
	for i, pattern := range s.Commands.Reads {
		if len(pattern) == 0 || pattern[0] == "*" || pattern[0] == "..." {
			return action.Errorf(action.CodeInvalid, "commands.reads[%d]: a pattern begins with the name of a command", i)
		}
	}
	return nil
}
