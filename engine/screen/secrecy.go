package screen

import (
	"context"
	"sync"

	"runbook/engine/action"
)

// secrecy is whether the terminal shows what is typed.
type secrecy struct {
	hush func() (restore func(), err error) // nil where nothing is shown anyway

	mu      sync.Mutex
	restore func() // nil as long as everything is shown
}

func (s *secrecy) begin() error {
	if s.hush == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	restore, err := s.hush()
	if err != nil {
		return action.Errorf(action.CodeDeclined, "cannot keep the terminal from showing a secret: %w", err).Try("give it with -p")
	}
	s.restore = restore
	return nil
}

func (s *secrecy) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.restore != nil {
		s.restore()
		s.restore = nil
	}
}

// Restore makes the terminal show again what is typed. A process that ends in the middle of a secret's question must call it.
func (p *Prompt) Restore() { p.secrecy.end() }

// askUnseen prints a question and reads the line that answers it, which the terminal does not show. Nothing is shown from before the
// question on, because people type fast.
func (p *Prompt) askUnseen(ctx context.Context, question string) (string, error) {
	if err := p.secrecy.begin(); err != nil {
		return "", err
	}
	defer p.secrecy.end()
	return p.ask(ctx, question)
}
