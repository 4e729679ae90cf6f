using Microsoft.Extensions.Logging;
using Rqml.Diagnostics;
using Rqml.Messaging;

namespace Rqml.Nodes;

internal sealed partial class NodeOrchestrator
{
    private static partial class Log
    {
        [LoggerMessage(LogIds.WorkerDied, LogLevel.Warning, "The worker running {Attempt} died")]
        public static partial void WorkerDied(ILogger logger, Attempt attempt, Exception cause);

        [LoggerMessage(LogIds.WorkerAbandoned, LogLevel.Error, "The worker running {Attempt} gave no sign of life for {TimeoutMs} ms and was abandoned")]
        public static partial void Abandoned(ILogger logger, Attempt attempt, long timeoutMs);

        [LoggerMessage(LogIds.TooManyAbandoned, LogLevel.Error, "Node {Node} takes no more work: {Hanging} models hang and cannot be killed inside this process. Restart it, and mend them: they have to end when their token says so")]
        public static partial void TooManyAbandoned(ILogger logger, NodeId node, int hanging);

        [LoggerMessage(LogIds.RestartFailed, LogLevel.Error, "A worker could not be started again; trying on")]
        public static partial void RestartFailed(ILogger logger, Exception error);

        [LoggerMessage(LogIds.ValidatorFailed, LogLevel.Warning, "The validator {Validator} abstains from {Attempt}, as it failed: {Reason}")]
        public static partial void ValidatorFailed(ILogger logger, string validator, Attempt attempt, string? reason);

        [LoggerMessage(LogIds.StopThrew, LogLevel.Warning, "What runs {Attempt} was told to stop, and code that it had registered with its cancellation token threw")]
        public static partial void StopThrew(ILogger logger, Attempt attempt, Exception error);

        [LoggerMessage(LogIds.ResultDropped, LogLevel.Warning, "Node {Node} keeps the result of {Attempt} no longer ({Reason}), as nobody takes it at {Ledger}; its task is run again when that is back. {Total} such results since the start")]
        public static partial void ResultDropped(ILogger logger, Peer node, Attempt attempt, Peer ledger, ResultLoss reason, long total);

        [LoggerMessage(LogIds.StaleCommand, LogLevel.Information, "Node {Node} refused {Attempt} from {Leader} ({Reason}): {Total} such commands since the start")]
        public static partial void StaleCommand(ILogger logger, Peer node, Attempt attempt, Peer leader, RefusalReason reason, long total);
    }
}
