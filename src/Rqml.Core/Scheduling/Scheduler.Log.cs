using Microsoft.Extensions.Logging;
using Rqml.Cluster;
using Rqml.Diagnostics;
using Rqml.Messaging;

namespace Rqml.Scheduling;

internal sealed partial class Scheduler
{
    private static partial class Log
    {
        [LoggerMessage(LogIds.Elected, LogLevel.Information, "Node {Node} schedules in term {Term}; {Members} nodes are known from before")]
        public static partial void Elected(ILogger logger, NodeId node, Term term, long members);

        [LoggerMessage(LogIds.Deposed, LogLevel.Information, "Node {Node} schedules no longer; {Tasks} tasks were open in term {Term}")]
        public static partial void Deposed(ILogger logger, NodeId node, Term term, long tasks);

        [LoggerMessage(LogIds.NodeJoined, LogLevel.Information, "Node {Node} has joined, and holds {Attempts} attempts")]
        public static partial void Joined(ILogger logger, Peer node, long attempts);

        [LoggerMessage(LogIds.NodeCameBack, LogLevel.Information, "Node {Node} has come back, and holds {Attempts} attempts; it was {Before} before")]
        public static partial void CameBack(ILogger logger, Peer node, Incarnation before, long attempts);

        [LoggerMessage(LogIds.NodeSuspected, LogLevel.Warning, "Node {Node} has not been heard for {SilentMs} ms, and gets nothing new")]
        public static partial void Suspected(ILogger logger, Peer node, long silentMs);

        [LoggerMessage(LogIds.NodeHeardAgain, LogLevel.Information, "Node {Node} is heard again, and takes work")]
        public static partial void HeardAgain(ILogger logger, Peer node);

        [LoggerMessage(LogIds.NodeGivenUp, LogLevel.Warning, "Node {Node} is given up, as {Reason}; its {Tasks} tasks go elsewhere once it is fenced")]
        public static partial void GivenUp(ILogger logger, Peer node, string reason, long tasks);

        [LoggerMessage(LogIds.NodeFenced, LogLevel.Information, "Node {Node} is fenced, and {Tasks} tasks were taken from it")]
        public static partial void Fenced(ILogger logger, Peer node, long tasks);

        [LoggerMessage(LogIds.HandedOverUnfenced, LogLevel.Warning, "Node {Node} cannot be fenced, as the coordination store does not answer: its {Tasks} tasks without a partition key go elsewhere, and {Keyed} with one wait")]
        public static partial void HandedOverUnfenced(ILogger logger, Peer node, long tasks, int keyed);

        [LoggerMessage(LogIds.HandedOver, LogLevel.Information, "What node {Node} had was handed over within {TookMs} ms: {Places}")]
        public static partial void HandedOver(ILogger logger, Peer node, long tookMs, HandOver places);

        [LoggerMessage(LogIds.NodeTurnedAway, LogLevel.Information, "Node {Node} is fenced, and lives: it is to come back as another start of itself")]
        public static partial void TurnedAway(ILogger logger, Peer node);

        [LoggerMessage(LogIds.ClassUnserved, LogLevel.Warning, "No node runs version {Version} of task class '{Class}': tasks that wait for one: {Tasks}")]
        public static partial void Unserved(ILogger logger, string @class, int version, long tasks);
    }
}
