package kubernetes

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"

	"runbook/engine/action"
	"runbook/engine/workload"
)

const (
	concealed   = action.Masked
	lastApplied = "kubectl.kubernetes.io/last-applied-configuration"
)

// conceal replaces the values of a Secret, also where kubectl keeps a second copy of them, and makes them known to who keeps secrets,
// because the same values may come by another way: in a log, an error, the output of a command. Nothing that comes from a Secret
// leaves this package without it.
func (b *binding) conceal(o object) object {
	b.learn(o)
	for _, field := range []string{"data", "stringData"} {
		values := workload.Map(o, field)
		if values == nil {
			continue
		}
		hidden := make(object, len(values))
		for key := range values {
			hidden[key] = concealed
		}
		o = workload.With(o, hidden, field)
	}
	if workload.Text(o, "metadata", "annotations", lastApplied) != "" {
		o = workload.With(o, concealed, "metadata", "annotations", lastApplied)
	}
	return o
}

// stored is an object as the server stores it: what is written to a Secret as text is data of it then.
func (k kind) stored(o object) object {
	texts := workload.Map(o, "stringData")
	if !k.isSecret() || texts == nil {
		return o
	}
	o = workload.With(o, nil, "stringData")
	for key, value := range texts {
		text, _ := value.(string)
		o = workload.With(o, base64.StdEncoding.EncodeToString([]byte(text)), "data", key)
	}
	return o
}

// concealIn is conceal for an object of whatever kind: of one that is no Secret it conceals the Secrets that are inside of it, in a
// list or a template, or as the manifest that a tool keeps in an annotation.
func (b *binding) concealIn(k kind, o object) object {
	if k.isSecret() {
		return b.conceal(o)
	}
	if clean, changed := b.concealWithin(o); changed {
		return clean.(object)
	}
	return o
}

// concealRaw is concealIn for an object as it came from the server; one without a Secret is returned as it is, undecoded.
func (b *binding) concealRaw(k kind, raw json.RawMessage) (json.RawMessage, error) {
	if !k.isSecret() && !mentionsSecret(raw) {
		return raw, nil
	}
	o, err := decode(raw)
	if err != nil {
		return nil, err
	}
	if k.isSecret() {
		return encode(b.conceal(o))
	}
	clean, changed := b.concealWithin(o)
	if !changed {
		return raw, nil
	}
	return encode(clean.(object))
}

// mentionsSecret tells whether a Secret may be inside of JSON: "kind":"Secret", however it is written.
func mentionsSecret[T []byte | json.RawMessage](raw T) bool {
	return bytes.Contains(raw, []byte(`Secret`))
}

// concealWithin conceals the Secrets inside of a value, and tells whether there are any. It changes nothing, but copies.
func (b *binding) concealWithin(v any) (clean any, changed bool) {
	switch v := v.(type) {
	case object:
		if v["kind"] == "Secret" && v["apiVersion"] == "v1" && (v["data"] != nil || v["stringData"] != nil) {
			return b.conceal(v), true
		}
		out := v
		for key, value := range v {
			if clean, dirty := b.concealWithin(value); dirty {
				out, changed = workload.With(out, clean, key), true
			}
		}
		return out, changed
	case []any:
		out := make([]any, len(v))
		for i, value := range v {
			var dirty bool
			out[i], dirty = b.concealWithin(value)
			changed = changed || dirty
		}
		return out, changed
	case string:
		return b.concealInText(v)
	}
	return v, false
}

func (b *binding) concealInText(text string) (clean any, changed bool) {
	if !strings.HasPrefix(strings.TrimSpace(text), "{") || !mentionsSecret([]byte(text)) {
		return text, false
	}
	o, err := decode([]byte(text))
	if err != nil {
		return text, false
	}
	inner, changed := b.concealWithin(o)
	if !changed {
		return text, false
	}
	raw, err := encode(inner.(object))
	if err != nil {
		return concealed, true
	}
	return string(raw), true
}

// learn makes the values of a Secret known, as far as they tell something.
func (b *binding) learn(o object) {
	var values []string
	for _, value := range workload.Map(o, "data") {
		text, _ := value.(string)
		if plain, err := base64.StdEncoding.DecodeString(text); err == nil {
			text = string(plain)
		}
		values = append(values, text)
	}
	for _, value := range workload.Map(o, "stringData") {
		text, _ := value.(string)
		values = append(values, text)
	}
	if applied, err := decode([]byte(workload.Text(o, "metadata", "annotations", lastApplied))); err == nil && applied != nil {
		b.learn(applied)
	}
	var telling []string
	for _, value := range values {
		telling = append(telling, tellingParts(value)...)
	}
	if len(telling) > 0 {
		b.Secrets.Add(telling...)
	}
}

// longestSecret is the longest value that is looked for elsewhere. What is longer is no password: a release that Helm stored, for one.
const longestSecret = 16 << 10

// tellingParts are the value itself and, where it is a document such as a registry's credentials, the texts in it.
func tellingParts(value string) []string {
	var out []string
	if tells(value) {
		out = append(out, value)
	}
	if strings.HasPrefix(strings.TrimSpace(value), "{") {
		var document any
		if json.Unmarshal([]byte(value), &document) == nil {
			out = append(out, texts(document)...)
		}
	}
	return out
}

func texts(v any) []string {
	var out []string
	switch v := v.(type) {
	case string:
		return tellingParts(v)
	case map[string]any:
		for _, value := range v {
			out = append(out, texts(value)...)
		}
	case []any:
		for _, value := range v {
			out = append(out, texts(value)...)
		}
	}
	return out
}

// ordinary is what an object, a host or a user may be called, and what is a number: "postgres", "kube-system", "db-0.db.shop.svc".
// Such values stand in Secrets for convenience; hidden wherever they occur, they would garble names all over a run.
var ordinary = regexp.MustCompile(`^(?:[a-z]+(?:-[a-z0-9]+)*|[a-z][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)+|[0-9.:]+)$`)

// shortName is the length from which even what could be a name is taken for a secret: words that are strung together.
const shortName = 16

// tells tells whether a value of a Secret is worth to be hidden outside of it.
func tells(value string) bool {
	value = strings.TrimSpace(value)
	switch {
	case len(value) > longestSecret, strings.HasPrefix(value, "-----BEGIN CERTIFICATE-----"):
		return false
	case ordinary.MatchString(value):
		return len(value) >= shortName && !strings.Contains(value, ".")
	}
	return true
}
