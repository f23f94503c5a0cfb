// Package site reads the site file, runbook.yaml: which systems a site consists of, and what is known about them.
//
// It is strictly checked, with line numbers, and holds secrets only by reference. It connects to nothing. Read next: cmd/runbook,
// which makes the modules' configurations of it.
package site

import (
	"errors"
	"os"
	"path/filepath"
	"slices"

	"runbook/engine/action"
	"runbook/engine/yamlfile"
)

// FileName is the name that is looked for in the working directory.
const FileName = "runbook.yaml"

// A Site is what a site file says.
type Site struct {
	Name       string     `yaml:"name"`
	Kubernetes Kubernetes `yaml:"kubernetes"`
	Prometheus Prometheus `yaml:"prometheus"`
	Commands   Commands   `yaml:"commands"`
	S3         S3         `yaml:"s3"`
	// Hosts are other machines, by the names by which a runbook knows them.
	Hosts map[string]Host `yaml:"hosts"`
	Path  string          `yaml:"-"` // of the file; "" if there is none
}

// Kubernetes says which cluster is meant. Flags of the command line come before it.
type Kubernetes struct {
	Kubeconfig string   `yaml:"kubeconfig"` // path, from the site file's folder; empty for KUBECONFIG and then ~/.kube/config
	Context    string   `yaml:"context"`
	Namespace  string   `yaml:"namespace"`
	Production []string `yaml:"production"` // contexts whose name has to be typed before something is changed
}

// Prometheus says where the metrics are. Flags of the command line come before it.
type Prometheus struct {
	URL string `yaml:"url"` // with the prefix of its paths if it has one: https://metrics.example.com/prometheus
	// HTTPConfig is the path, from the site file's folder, of a file in Prometheus's own format of HTTP client configurations: credentials,
	// TLS, proxies. No secret stands in the site file itself.
	HTTPConfig string `yaml:"http_config"`
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
	for _, file := range []*string{&s.Kubernetes.Kubeconfig, &s.Prometheus.HTTPConfig} {
		if *file != "" && !filepath.IsAbs(*file) {
			*file = filepath.Join(filepath.Dir(path), *file)
		}
	}
	s.hostsFrom(filepath.Dir(path))
	return s, nil
}

// Parse reads a site file's text. Unknown fields are errors; every error names its line.
func Parse(text []byte) (*Site, error) {
	s, err := yamlfile.Decode[Site](text, "a site file")
	if err != nil {
		return nil, err
	}
	if err := s.check(text); err != nil {
		return nil, err
	}
	return s, nil
}

// check finds what is well-formed and makes no sense.
func (s *Site) check(text []byte) error {
	if s.Prometheus.URL != "" {
		if fault := CheckURL(s.Prometheus.URL); fault != "" {
			return action.Errorf(action.CodeInvalid, "line %d: prometheus.url: %s", yamlfile.LineOf(text, "prometheus", "url"), fault)
		}
	}
	if err := s.S3.check(text); err != nil {
		return err
	}
	if err := checkReads(text, s.Commands.Reads, "commands", "commands"); err != nil {
		return err
	}
	return s.checkHosts(text)
}

// checkReads finds patterns that mean no command. said is how a person calls the section that has them, path is how it is found.
func checkReads(text []byte, reads action.Commands, said string, path ...any) error {
	for i, pattern := range reads {
		fault := ""
		switch {
		case len(pattern) == 0 || slices.Contains([]string{"", "*", "..."}, pattern[0]):
			fault = "a pattern begins with the name of a command: [df, -h]"
		case slices.Contains(pattern[:len(pattern)-1], "..."):
			fault = `"..." stands for the rest of a command, so nothing can follow it`
		default:
			continue
		}
		return action.Errorf(action.CodeInvalid, "line %d: %s.reads[%d]: %s", yamlfile.LineOf(text, append(path, "reads", i)...), said, i, fault)
	}
	return nil
}
