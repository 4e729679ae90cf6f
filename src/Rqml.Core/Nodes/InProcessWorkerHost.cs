using Rqml.Models;

namespace Rqml.Nodes;

/// <summary>Runs models in this process. A worker that hangs cannot be killed, only abandoned.</summary>
internal sealed class InProcessWorkerHost(TaskClassRegistry classes) : IWorkerHost
{
    public bool IsIsolated => false;

    public ValueTask<IWorker> StartAsync(DeviceLane lane, CancellationToken cancellationToken) => new(new InProcessWorker(classes));

    private sealed class InProcessWorker(TaskClassRegistry classes) : IWorker
    {
        private volatile bool _isDisposed;

        public ValueTask<PassResult> RefineAsync(PassRequest request, CancellationToken cancellationToken)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return classes.Get(request.Class, request.ClassVersion).RefineAsync(request, cancellationToken);
        }

        public ValueTask<Validation> ValidateAsync(ValidationRequest request, CancellationToken cancellationToken)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return classes.Get(request.Class, request.ClassVersion).ValidateAsync(request, cancellationToken);
        }

        public ValueTask DisposeAsync()
        {
            _isDisposed = true;
            return ValueTask.CompletedTask;
        }
    }
}
