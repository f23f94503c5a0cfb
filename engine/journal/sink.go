package journal

// A Sink takes the records of a run, in order. A run has one Sink; Tee makes several of them one.
type Sink interface {
	// Write takes one record. An error means that the record may be lost, and the run must not send anything that depends on it.
	Write(r *Record) error
}

// Tee is a Sink that hands each record to several, in order, and stops at the first that fails.
func Tee(sinks ...Sink) Sink { return tee(sinks) }

type tee []Sink

func (t tee) Write(r *Record) error {
	for _, s := range t {
		if err := s.Write(r); err != nil {
			return err
		}
	}
	return nil
}
