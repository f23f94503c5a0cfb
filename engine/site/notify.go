package site

import (
	"runbook/engine/action"
	"runbook/engine/contact"
	"runbook/engine/yamlfile"
)

// Notify says who can be told of something.
type Notify struct {
	Receivers map[string]contact.Receiver `yaml:"receivers"` // by the names by which runbooks know them
}

// Alertmanager says where alerts are sent to and silenced.
type Alertmanager struct {
	URL        string `yaml:"url"`         // with the prefix of its paths if it has one
	HTTPConfig string `yaml:"http_config"` // as that of prometheus
}

// checkContacts finds what is wrong with who is told, and how.
func (s *Site) checkContacts(text []byte) error {
	if s.Alertmanager.URL != "" {
		if fault := CheckURL(s.Alertmanager.URL); fault != "" {
			return action.Errorf(action.CodeInvalid, "line %d: alertmanager.url: %s", yamlfile.LineOf(text, "alertmanager", "url"), fault)
		}
	}
	if p := contact.Check(s.Notify.Receivers); p != nil {
		return wrong(text, p, "notify", "receivers")
	}
	if p := s.Escalation.Check(s.Notify.Receivers); p != nil {
		return wrong(text, p, "escalation")
	}
	for name, r := range s.Notify.Receivers {
		if r.Alertmanager != nil && s.Alertmanager.URL == "" {
			return action.Errorf(action.CodeInvalid, "line %d: notify.receivers.%s: nothing says where Alertmanager is",
				yamlfile.LineOf(text, "notify", "receivers", name), name).Try(`write into the site file: "alertmanager: {url: http://alertmanager:9093}"`)
		}
	}
	return nil
}

func wrong(text []byte, p *contact.Problem, section ...any) error {
	path := append(section, p.Path...)
	return action.Errorf(action.CodeInvalid, "line %d: %s: %w", yamlfile.LineOf(text, path...), yamlfile.Spelled(path), p.Err)
}
