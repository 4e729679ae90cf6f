namespace Rqml.Diagnostics;

/// <summary>
/// The ids of what Rqml says to an operator, all in one place: blocks of a hundred, one a subsystem, by the folder that it lives in. An id stands for one line for ever; what
/// each means and asks for is in docs/troubleshooting.md. Packages beside this one have a block here too, so that none is given twice; tests hold it against them all.
/// </summary>
internal static class LogIds
{
    // 10xx: Hosting
    public const int NodeFailed = 1001;
    public const int DrainTimedOut = 1002;
    public const int ClassWithoutDevice = 1003;
    public const int OptionsNotTaken = 1004;
    public const int OptionNeedsRestart = 1005;
    public const int OptionsTaken = 1006;
    public const int NodeStarted = 1007;
    public const int NodeStopped = 1008;

    // 11xx: Ledgers
    public const int LateWord = 1101;
    public const int ForgottenEarly = 1102;

    // 12xx: Messaging
    public const int LinkViolated = 1201;
    public const int LinkBroken = 1202;
    public const int ListenerLost = 1203;
    public const int LinkUp = 1204;
    public const int LinkDown = 1205;
    public const int PeerGone = 1206;
    public const int PeerUnreachable = 1207;

    // 21xx: Scheduling
    public const int Elected = 2101;
    public const int Deposed = 2102;
    public const int NodeJoined = 2103;
    public const int NodeCameBack = 2104;
    public const int NodeSuspected = 2105;
    public const int NodeHeardAgain = 2106;
    public const int NodeGivenUp = 2107;
    public const int NodeFenced = 2108;
    public const int HandedOver = 2109;
    public const int NodeTurnedAway = 2110;
    public const int HandedOverUnfenced = 2111;
    public const int ClassUnserved = 2120;

    // 22xx: Nodes
    public const int WorkerDied = 2201;
    public const int WorkerAbandoned = 2202;
    public const int RestartFailed = 2203;
    public const int ValidatorFailed = 2204;
    public const int TooManyAbandoned = 2205;
    public const int JoinedTerm = 2206;
    public const int CutOff = 2207;
    public const int LeaderHeardAgain = 2208;
    public const int Draining = 2209;
    public const int Drained = 2210;
    public const int BeganAnew = 2211;
    public const int StaleCommand = 2212;
    public const int WorksAlone = 2213;
    public const int WorksAloneNoLonger = 2214;
    public const int ResultDropped = 2215;
    public const int Resumed = 2216;
    public const int StopThrew = 2217;

    // 41xx: Rqml.Storage.RocksDb
    public const int StoreOpened = 4101;
    public const int StoreRegressionAccepted = 4102;
    public const int StoreStopped = 4103;
    public const int StoreCloseFailed = 4104;
    public const int StoreRecordDamaged = 4105;

    // 42xx: Rqml.Storage.Etcd
    public const int EtcdFails = 4201;
    public const int EtcdAnswersAgain = 4202;
    public const int EtcdRefuses = 4203;
    public const int EtcdKeySkipped = 4211;
    public const int EtcdWatchBeginsAnew = 4221;
    public const int EtcdWatchCompacted = 4222;

    // 51xx: Cluster
    public const int LeaderUnreadable = 5101;
    public const int MemberUnreadable = 5102;
    public const int StoreLost = 5103;
    public const int StoreFound = 5104;
    public const int StoreTooOld = 5105;
    public const int StoreTrustedAgain = 5106;
    public const int GenerationRaised = 5107;

    // 61xx: Rqml.AspNetCore
    public const int PageFailed = 6101;
}
