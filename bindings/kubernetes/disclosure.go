package kubernetes

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"runbook/engine/action"
)

// A disclosure is an argument with secrets in it, in two versions: as it may be shown, and as it is sent.
type disclosure struct {
	shown, sent any
}

// disclose decodes an argument of a call that is about an object of that kind. A Secret is concealed as a whole wherever it is shown; in any
// other object a secret is a text like others, so it has to be known to who keeps secrets from then on.
func (b *binding) disclose(k kind, v any) (disclosure, error) {
	shown, err := plainJSON(v)
	if err != nil || !action.HoldsSecret(v) {
		return disclosure{shown, shown}, err
	}
	revealed, err := b.revealed(k, v, "")
	if err != nil {
		return disclosure{}, err
	}
	sent, err := plainJSON(revealed)
	return disclosure{shown, sent}, err
}

// plainJSON is a value as decoded JSON, in which a secret is the mark for one.
func plainJSON(v any) (any, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "the object cannot be written as JSON: %w", err)
	}
	var out any
	return out, fromJSON(raw, &out)
}

// revealed is a value with its secrets as texts. field is the member of the object that it is in.
func (b *binding) revealed(k kind, v any, field string) (any, error) {
	switch v := v.(type) {
	case action.Secret:
		return b.revealedText(k, v.Reveal(), field)
	case map[string]any:
		if path, _ := v["path"].(string); field == "" && path != "" { // an operation of a JSON patch
			field, _, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
		}
		out := make(map[string]any, len(v))
		for name, member := range v {
			var err error
			if out[name], err = b.revealed(k, member, cmp.Or(field, name)); err != nil {
				return nil, err
			}
		}
		return out, nil
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			var err error
			if out[i], err = b.revealed(k, item, field); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}

func (b *binding) revealedText(k kind, text, field string) (any, error) {
	hidden := text == concealed || b.Secrets.Add(text) // the mark itself stands for a value that nobody knows here
	switch {
	case k.isSecret() && field == "data":
		return base64.StdEncoding.EncodeToString([]byte(text)), nil
	case !utf8.ValidString(text):
		return nil, action.Errorf(action.CodeInvalid, "a secret that is no text can stand under data of a Secret only")
	case k.isSecret() && field == "stringData":
		return text, nil
	case !hidden:
		return nil, action.Errorf(action.CodeInvalid, "a secret is too short to be hidden in records, and would stand in %s readably", cmp.Or(k.name, "the object")).
			Try("refer to the Secret instead: in a container, env has valueFrom.secretKeyRef")
	}
	return text, nil
}
