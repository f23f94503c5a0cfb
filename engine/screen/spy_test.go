package screen

import (
	"strings"
	"sync"
)

// A spy is a writer that can be waited for.
type spy struct {
	mu      sync.Mutex
	changed *sync.Cond
	text    string
}

func newSpy() *spy {
	s := &spy{}
	s.changed = sync.NewCond(&s.mu)
	return s
}

func (s *spy) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text += string(p)
	s.changed.Broadcast()
	return len(p), nil
}

// waitFor waits until one of the texts was written.
func (s *spy) waitFor(texts ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		for _, text := range texts {
			if strings.Contains(s.text, text) {
				return
			}
		}
		s.changed.Wait()
	}
}

func (s *spy) waitForCount(text string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for strings.Count(s.text, text) < n {
		s.changed.Wait()
	}
}

func (s *spy) count(text string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Count(s.text, text)
}
