package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"

	"go.yaml.in/yaml/v3"
	kjson "sigs.k8s.io/json"

	"runbook/engine/workload"
)

// UnmarshalYAML takes an object, or {file: NAME}.
func (m *Manifest) UnmarshalYAML(node *yaml.Node) error {
	var o map[string]any
	if err := node.Decode(&o); err != nil {
		return err
	}
	if name, ok := o["file"].(string); ok && len(o) == 1 {
		m.File = name
		return nil
	}
	m.Objects = []map[string]any{o}
	return nil
}

// readManifests reads the files that manifests name, and checks that each object says what it is.
func (s *Scenario) readManifests(f file, sum hash.Hash) error {
	for i := range s.Kubernetes.Manifests {
		m := &s.Kubernetes.Manifests[i]
		m.Where = f.line("kubernetes", "manifests", i)
		err := m.read(f.files, sum)
		if err == nil {
			err = m.check()
		}
		if err != nil {
			return f.at(err, "kubernetes", "manifests", i)
		}
	}
	return nil
}

func (m *Manifest) read(files fs.FS, sum hash.Hash) error {
	if m.File == "" {
		return m.normalise()
	}
	if files == nil {
		return errors.New("a scenario that is in no folder cannot name a file")
	}
	if !fs.ValidPath(m.File) {
		return fmt.Errorf("%q is not in the scenario's folder or below it: its path begins there, has slashes and goes nowhere up", m.File)
	}
	text, err := fs.ReadFile(files, m.File)
	if err != nil {
		return fmt.Errorf("cannot read the file: %w", err)
	}
	sum.Write(text)
	documents := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var o map[string]any
		err := documents.Decode(&o)
		if errors.Is(err, io.EOF) {
			return m.normalise()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", m.File, err)
		}
		if o != nil {
			m.Objects = append(m.Objects, o)
		}
	}
}

func (m *Manifest) normalise() (err error) {
	for i := range m.Objects {
		if m.Objects[i], err = asJSON(m.Objects[i]); err != nil {
			return err
		}
	}
	return nil
}

func (m *Manifest) check() error {
	for _, o := range m.Objects {
		for _, field := range [][]string{{"apiVersion"}, {"kind"}, {"metadata", "name"}} {
			if workload.Text(o, field...) == "" {
				return fmt.Errorf("an object%s has no %s", m.place(), field[len(field)-1])
			}
		}
	}
	return nil
}

func (m *Manifest) place() string {
	if m.File == "" {
		return ""
	}
	return " in " + m.File
}

// asJSON is an object of a YAML file as a decoder of JSON would have it: whole numbers as int64, times as texts.
func asJSON(o map[string]any) (map[string]any, error) {
	if o == nil {
		return nil, nil
	}
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("this is no object: %w", err)
	}
	var out map[string]any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, &out); err != nil {
		return nil, fmt.Errorf("this is no object: %w", err)
	}
	return out, nil
}
