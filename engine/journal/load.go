package journal

import "runbook/engine/action"

// Load reads the large results that stand beside the journal of d into its records. A record whose result did not survive is marked
// as Lost: what it answered has to be asked for again.
func Load(d Dir, records []*Record) error {
	for _, r := range records {
		returned := r.returned()
		if returned == nil || returned.Ref == "" {
			continue
		}
		raw, err := LoadResult(d, returned)
		switch {
		case err == nil:
			returned.Result, returned.Ref = raw, ""
		case action.CodeOf(err) == action.CodeNotFound:
			r.Lost = true
		default:
			return err
		}
	}
	return nil
}

// returned is what the record's call returned, nil if the record has no such part.
func (r *Record) returned() *Returned {
	switch {
	case r.Outcome != nil:
		return &r.Outcome.Returned
	case r.Intent != nil:
		return &r.Intent.Returned
	}
	return nil
}
