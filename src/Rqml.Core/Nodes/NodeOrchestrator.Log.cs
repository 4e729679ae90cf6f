using Microsoft.Extensions.Logging;

namespace Rqml.Nodes;

internal sealed partial class NodeOrchestrator
{
    private static partial class Log
    {
        [LoggerMessage(2201, LogLevel.Warning, "The worker running {Attempt} died")]
        public static partial void WorkerDied(ILogger logger, Attempt attempt, Exception cause);

        [LoggerMessage(2202, LogLevel.Error, "The worker running {Attempt} gave no sign of life for {TimeoutMs} ms and was abandoned")]
        public static partial void Abandoned(ILogger logger, Attempt attempt, long timeoutMs);

        [LoggerMessage(2205, LogLevel.Error, "Node {Node} takes no more work: {Hanging} models hang and cannot be killed inside this process. Run their class isolated, and restart the node")]
        public static partial void TooManyAbandoned(ILogger logger, NodeId node, int hanging);

        [LoggerMessage(2203, LogLevel.Error, "A worker could not be started again; trying on")]
        public static partial void RestartFailed(ILogger logger, Exception error);

        [LoggerMessage(2204, LogLevel.Warning, "The validator {Validator} abstains from {Attempt}, as it failed: {Reason}")]
        public static partial void ValidatorFailed(ILogger logger, string validator, Attempt attempt, string? reason);
    }
}
