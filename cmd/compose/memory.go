package compose

import "curfew/worker"

// BoundMemory keeps this process, which does nothing but work, to what the configuration allows a worker. It is called
// before Work.
func (app *App) BoundMemory() { worker.BoundMemory(app.config.Current().Worker.Memory) }
