package journal

import "sync"

// A Sink takes the records of a run, in order. A run has one Sink; Tee makes several of them one.
type Sink interface {
	// Write takes one record. An error means that the record may be lost, and the run must not send anything that depends on it.
	Write(r *Record) error
}

// Tee is a Sink that hands each record to several, in order. What has happened is told to all of them, also where one fails: a person has
// to see it where no journal can keep it. What is about to be sent is not told behind the first that fails, because then it is not sent.
func Tee(sinks ...Sink) Sink { return tee(sinks) }

type tee []Sink

func (t tee) Write(r *Record) error {
	var failed error
	for _, s := range t {
		err := s.Write(r)
		if err != nil && r.Kind == KindIntent {
			return err
		}
		if failed == nil {
			failed = err
		}
	}
	return failed
}

// Memory is a Sink that keeps the records, numbered as a journal numbers them, for a run that nobody looks at. The zero value is empty.
type Memory struct {
	mu      sync.Mutex
	Records []*Record // to be read once the run has ended
}

// Write keeps a record.
func (m *Memory) Write(r *Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r.Seq = int64(len(m.Records)) + 1
	kept := *r
	m.Records = append(m.Records, &kept)
	return nil
}
